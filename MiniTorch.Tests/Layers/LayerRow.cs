using System.Runtime.CompilerServices;
using MiniTorch.Nn;
using MiniTorch.Tests.Modules;

namespace MiniTorch.Tests.Layers;

/// <summary>A row of the table; see <see cref="LayerSamples"/>.</summary>
public sealed class LayerRow(Type layer)
{
    public string Name => Layer.Name;

    public Type Layer { get; } = layer;

    public List<ModelCase> Cases { get; } = [];

    public List<Misuse> Misuses { get; } = [];

    /// <summary>The numbers of dimensions that an input may have.</summary>
    public (int Least, int Most) Rank { get; private set; } = (0, AnyRank);

    /// <summary>Whether a dimension is added to the inputs of the first case at their end; they are channels first.</summary>
    public bool GrowsAtEnd { get; private set; }

    /// <summary>How training differs from evaluation, for the guide.</summary>
    public string InTraining { get; private set; } = "";

    /// <summary>Whether a call in training draws random numbers.</summary>
    public bool IsRandomInTraining { get; private set; }

    /// <summary>A rank that stands for any: the most that the checks try.</summary>
    public const int AnyRank = 6;

    /// <summary>A layer with some arguments, and its inputs; the expression is its name.</summary>
    public LayerRow Case(Func<Module> make, Func<int, Tensor[]> input, int batchDim = 0, bool exports = true, bool isDifferentiable = true,
        [CallerArgumentExpression(nameof(make))] string expression = "")
    {
        string name = string.Join(' ',
            expression.Replace("() => ", "", StringComparison.Ordinal).Split((char[]?)null, StringSplitOptions.RemoveEmptyEntries));
        Cases.Add(new(input(1).Length == 1 ? name : $"{name} of {input(1).Length} inputs", make, input, batchDim)
        {
            Exports = exports,
            IsDifferentiable = isDifferentiable,
        });
        return this;
    }

    public LayerRow Ranks(int least, int most, bool growsAtEnd = false)
    {
        (Rank, GrowsAtEnd) = ((least, most), growsAtEnd);
        return this;
    }

    public LayerRow Trains(string how, bool isRandom = false)
    {
        (InTraining, IsRandomInTraining) = (how, isRandom);
        return this;
    }

    /// <summary>A wrong construction or call and its error's message; one that ends with … is the message's beginning.</summary>
    public LayerRow Misuse<TError>(string message, Action call) where TError : MiniTorchException
    {
        Misuses.Add(new(message, call, typeof(TError), message));
        return this;
    }

    public override string ToString() => Name;
}
