using System.Runtime.CompilerServices;
using System.Security.Cryptography;
using MiniTorch.IO;
using MiniTorch.Nn;

namespace MiniTorch.Mpi;

public sealed partial class World
{
    private readonly ConditionalWeakTable<Module, GradientVector> _vectors = [];

    /// <summary>
    /// Gives every rank the root's parameters and buffers of a model, and the root's state of <see cref="Generator.Default"/>, so that what all
    /// ranks draw from now on is the same.
    /// </summary>
    /// <param name="model">A model with the same names, shapes and dtypes in the same order on all ranks.</param>
    /// <exception cref="WorldException">
    /// The models or the calls of the ranks differ (the message names the first entry), or a rank does not answer.
    /// </exception>
    public void Broadcast(Module model)
    {
        ArgumentNullException.ThrowIfNull(model);
        lock (_gate)
        {
            Agree($"Broadcast of a model\n{Describe(model)}", ModelHelp);
            using ModeScope mode = Autograd.NoGrad();
            foreach (Tensor entry in Entries(model))
            {
                Tensor value = Own(entry);
                Spread(value, 0);
                if (!IsRoot) entry.CopyInPlace(value);
            }
            Tensor state = GeneratorState.ToTensor(Generator.Default);
            Spread(state, 0);
            if (!IsRoot) GeneratorState.Load(Generator.Default, state);
        }
    }

    /// <summary>
    /// Replaces the gradients of a model's parameters by their weighted means over the ranks, Σ weight·gradient / Σ weight, on every rank. Call it
    /// between <see cref="Tensor.Backward"/> and the optimiser's step.
    /// </summary>
    /// <remarks>
    /// The sum follows a binary tree over the ranks, so that a run can be repeated, but other numbers of ranks give other roundings. For the
    /// same bits on any number use <see cref="ShardedGradients"/>. A parameter that has no gradient on any rank keeps none.
    /// </remarks>
    /// <param name="model">The same model on all ranks.</param>
    /// <param name="weight">The number of rows that this rank's loss is a mean over, if the ranks differ.</param>
    /// <exception cref="ValueException"><paramref name="weight"/> is negative or not finite.</exception>
    /// <exception cref="WorldException">
    /// The models or the calls of the ranks differ (the message names the first entry), or a rank does not answer.
    /// </exception>
    public void AverageGradients(Module model, double weight = 1)
    {
        ArgumentNullException.ThrowIfNull(model);
        CheckWeight(weight, nameof(AverageGradients));
        lock (_gate)
        {
            IReadOnlyList<(string Name, Parameter Value)> parameters = model.NamedParameters();
            if (!_vectors.TryGetValue(model, out GradientVector? layout) || !layout.Fits(parameters))
                _vectors.AddOrUpdate(model, layout = new GradientVector(parameters, []));
            Agree($"AverageGradients of a model\n{Describe(model)}", ModelHelp);
            using ModeScope mode = Autograd.NoGrad();
            Tensor[] vector = layout.New();
            layout.Write(vector, 0, weight, 0);
            for (int i = 1; i < vector.Length && weight != 1; i++) vector[i] = weight == 0 ? Tensor.ZerosLike(vector[i]) : vector[i] * weight;
            var tree = new TreeSum(this, _messages, Size);
            tree.Add(vector);
            layout.Read(tree.Finish());
        }
    }

    internal const string ModelHelp = "All ranks must build the same model: same layers, dtypes and order";

    internal Nn.Module Checked(Module model)
    {
        lock (_gate)
        {
            Agree($"ShardedGradients of a model\n{Describe(model)}", ModelHelp);
            Agree($"ShardedGradients with the weights of a model\n{string.Join('\n', Entries(model).Select(Hash))}",
                "The models have the same form but other values. Call world.Broadcast(model) first, or seed all ranks alike");
        }
        return model;
    }

    /// <summary>Sums the vectors that <paramref name="tree"/> holds over all ranks, after a check that all are at the same step.</summary>
    internal Tensor[] Finish(TreeSum tree, string step)
    {
        lock (_gate)
        {
            Agree($"ShardedGradients.Compute\n{step}", "The ranks are not at the same step, or their random streams differ: whatever only some ranks "
                + "draw (a sample of the root, say) needs a Generator of its own");
            return tree.Finish();
        }
    }

    /// <summary>Creates a sum over shards.</summary>
    internal TreeSum NewTree() => new(this, _messages, Shards);

    internal static void CheckWeight(double weight, string call)
    {
        if (!(weight >= 0 && double.IsFinite(weight)))
            throw new ValueException(FormattableString.Invariant($"{call}: the weight of a loss is {weight}; it must be 0 or more, and finite"));
    }

    private static IEnumerable<Tensor> Entries(Module model) =>
        [.. model.NamedParameters().Select(entry => (Tensor)entry.Value), .. model.NamedBuffers().Select(entry => entry.Value)];

    private static string Describe(Module model) => string.Join('\n',
        [.. model.NamedParameters().Select((entry, i) => $"parameter {i}: {entry.Name}, {entry.Value.DType} {entry.Value.Shape}"
            + (entry.Value.RequiresGrad ? "" : ", frozen")),
         .. model.NamedBuffers().Select((entry, i) => $"buffer {i}: {entry.Name}, {entry.Value.DType} {entry.Value.Shape}")]);

    private static string Hash(Tensor tensor)
    {
        using var stream = new MemoryStream();
        TensorBytes.Write(stream, tensor);
        return Convert.ToHexString(SHA256.HashData(stream.ToArray()));
    }
}
