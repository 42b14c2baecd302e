namespace MiniTorch.IO;

/// <summary>The state of a generator in a checkpoint: its bytes as one tensor.</summary>
internal sealed record GeneratorState(Generator Generator) : IStateful
{
    private const string Name = "state";

    public OrderedDictionary<string, Tensor> StateDict() => new() { [Name] = ToTensor(Generator) };

    public void LoadStateDict(IReadOnlyDictionary<string, Tensor> state)
    {
        if (state.Count != 1 || !state.TryGetValue(Name, out Tensor? bytes))
            throw new ValueException($"Generator: the state must contain only '{Name}', not {string.Join(", ", state.Keys)}");
        Load(Generator, bytes);
    }

    /// <summary>Returns the bytes of the state, one per element.</summary>
    public static Tensor ToTensor(Generator generator) => Tensor.From(generator.GetState());

    /// <summary>Restores the state from the result of <see cref="ToTensor"/>.</summary>
    /// <exception cref="ValueException">The tensor is not a generator state; the generator is unchanged.</exception>
    public static void Load(Generator generator, Tensor bytes)
    {
        if (bytes.DType != DType.Int64 || bytes.Rank != 1)
            throw new ValueException($"Generator: a state must be a vector of bytes, Int64, not {bytes.DType} of shape {bytes.Shape}");
        generator.SetState([.. bytes.ToArray<long>()
            .Select(value => value is >= 0 and <= byte.MaxValue ? (byte)value
            : throw new ValueException($"Generator: the state holds {value}, which is not a byte"))]);
    }
}
