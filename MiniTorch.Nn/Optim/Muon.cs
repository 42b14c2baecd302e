using MiniTorch.Nn;

namespace MiniTorch.Optim;

/// <summary>How <see cref="Muon"/> adapts the learning rate to a matrix of A rows and B columns.</summary>
public enum AdjustLr
{
    /// <summary>lr · √max(1, A/B), as Jordan et al. (2024) do.</summary>
    Original,

    /// <summary>
    /// lr · 0.2·√max(A, B): updates are as large as <see cref="AdamW"/>'s, so that its rate and weight decay can be used (Liu et al. 2025).
    /// </summary>
    MatchRmsAdamW,
}

/// <summary>
/// Implements Muon, momentum orthogonalised by Newton and Schulz's iteration, for the matrices of hidden layers (torch.optim.Muon; Jordan et al.
/// 2024): b ← μb + (1 − μ)g, u = (1 − μ)g + μb with Nesterov momentum and b without, p ← (1 − lr·λ)p − lr′·O(u). O starts from X = u/max(‖u‖, ε),
/// repeats X ← aX + (bXXᵀ + c(XXᵀ)²)X, and comes near UVᵀ for u = USVᵀ. lr′ is the adjusted rate.
/// </summary>
/// <remarks>
/// Embeddings, the output layer, biases and gains belong to another optimiser, as the authors of Muon advise; <see cref="Split"/> separates them. The
/// iteration runs in the parameter's dtype; PyTorch rounds it to bfloat16.
/// </remarks>
/// <example><code>
/// var head = new Linear(32, 10);
/// var model = new Sequential(new Linear(784, 32), new ReLU(), head);
/// var (matrices, others) = Muon.Split(model, head);
/// Optimizer[] optimizers = [new Muon(matrices, lr: 0.02), new AdamW(others, lr: 3e-4)];
/// foreach (Optimizer optimizer in optimizers) optimizer.ZeroGrad();
/// criterion.Call(model.Call(x), targets).Backward();
/// foreach (Optimizer optimizer in optimizers) optimizer.Step();
/// </code></example>
public sealed class Muon : Optimizer
{
    /// <summary>Creates an optimiser.</summary>
    /// <param name="parameters">The matrices to optimise: leaves of two dimensions that require a gradient.</param>
    /// <param name="lr">The learning rate, before its adjustment.</param>
    /// <param name="weightDecay">λ, which shrinks the parameters themselves.</param>
    /// <param name="momentum">μ, in [0, 1).</param>
    /// <param name="nesterov">Whether to use Nesterov momentum.</param>
    /// <param name="nsCoefficients">a, b and c of the iteration; 3.4445, −4.775 and 2.0315 by default.</param>
    /// <param name="eps">ε, the smallest norm that the first X is divided by.</param>
    /// <param name="nsSteps">The number of iterations, less than 100.</param>
    /// <param name="adjustLrFn">How the rate depends on the shape.</param>
    /// <exception cref="ValueException">A value is out of range, or a parameter is not a matrix.</exception>
    public Muon(IEnumerable<Tensor> parameters, double lr = 1e-3, double weightDecay = 0.1, double momentum = 0.95, bool nesterov = true,
        (double, double, double)? nsCoefficients = null, double eps = 1e-7, int nsSteps = 5, AdjustLr adjustLrFn = AdjustLr.Original)
        : base(parameters, new("lr", lr), new("weight_decay", weightDecay), new("momentum", momentum, 1), new("nesterov", nesterov),
            new("ns_a", nsCoefficients?.Item1 ?? 3.4445, AtLeast: double.NegativeInfinity),
            new("ns_b", nsCoefficients?.Item2 ?? -4.775, AtLeast: double.NegativeInfinity),
            new("ns_c", nsCoefficients?.Item3 ?? 2.0315, AtLeast: double.NegativeInfinity),
            new("eps", eps), new("ns_steps", nsSteps, 100), new("adjust_lr_fn", (double)adjustLrFn, 2))
    {
    }

    /// <inheritdoc/>
    protected override IReadOnlyList<string> TensorNames => ["momentum_buffer"];

    /// <summary>
    /// Separates a model's parameters into the matrices of its hidden layers, for Muon, and all others, for <see cref="AdamW"/>: embeddings, the
    /// given output layers, and what is not a matrix. A weight that an output layer shares with another layer belongs to the others.
    /// </summary>
    /// <param name="model">The model.</param>
    /// <param name="heads">Its output layers, or any other modules whose parameters Muon should not have.</param>
    /// <returns>Both lists, in the model's order; every parameter is in one of them.</returns>
    /// <exception cref="ValueException">A head is not part of the model.</exception>
    public static (IReadOnlyList<Parameter> Matrices, IReadOnlyList<Parameter> Others) Split(Module model, params ReadOnlySpan<Module> heads)
    {
        ArgumentNullException.ThrowIfNull(model);
        Module[] modules = [.. model.NamedModules().Select(entry => entry.Value)];
        var excluded = new HashSet<Parameter>(ReferenceEqualityComparer.Instance);
        foreach (Embedding embedding in modules.OfType<Embedding>()) excluded.UnionWith(embedding.Parameters());
        foreach (Module head in heads)
        {
            if (!modules.Contains(head, ReferenceEqualityComparer.Instance))
                throw new ValueException($"Muon.Split: the head {head?.GetType().Name ?? "null"} is not a module of {model.GetType().Name}; "
                    + "pass one of its NamedModules()");
            excluded.UnionWith(head.Parameters());
        }
        ILookup<bool, Parameter> split = model.Parameters().ToLookup(parameter => parameter.Rank == 2 && !excluded.Contains(parameter));
        return ([.. split[true]], [.. split[false]]);
    }

    /// <inheritdoc/>
    protected override void CheckGroup(ParameterGroup group)
    {
        double steps = group["ns_steps"];
        if (!double.IsInteger(steps)) throw Error(FormattableString.Invariant($"ns_steps is {steps}; it must be a whole number"));
        for (int i = 0; i < group.Parameters.Count; i++)
            if (group.Parameters[i].Rank != 2)
                throw Error($"parameter {i} of the group has shape {group.Parameters[i].Shape}; Muon optimises matrices only: give it to AdamW "
                    + "(Muon.Split separates a model's parameters)");
    }

    /// <inheritdoc/>
    protected override void Update(ParameterGroup group, Tensor parameter, Tensor gradient, ParameterState state)
    {
        if (parameter.ElementCount == 0) return;
        double lr = group["lr"], momentum = group["momentum"], rows = parameter.Shape[0], columns = parameter.Shape[1];
        Tensor buffer = state.Tensors[0].LerpInPlace(gradient, 1 - momentum);
        Tensor update = Orthogonalized(group.Is("nesterov") ? gradient.Lerp(buffer, momentum) : buffer, group);
        double adjustment = (AdjustLr)group["adjust_lr_fn"] == AdjustLr.Original
            ? Math.Sqrt(Math.Max(1, rows / columns))
            : 0.2 * Math.Sqrt(Math.Max(rows, columns));
        parameter.MulInPlace(1 - (lr * group["weight_decay"]));
        parameter.AddInPlace(update, alpha: -lr * adjustment);
    }

    private static Tensor Orthogonalized(Tensor update, ParameterGroup group)
    {
        bool isTall = update.Shape[0] > update.Shape[1]; // XXᵀ of the wide form is the smaller one
        Tensor x = isTall ? update.T : update;
        x /= x.Norm().Clamp(min: group["eps"]);
        for (int i = 0; i < (int)group["ns_steps"]; i++)
        {
            Tensor gram = x.MatMul(x.T);
            x = (group["ns_a"] * x) + ((group["ns_b"] * gram) + (group["ns_c"] * gram.MatMul(gram))).MatMul(x);
        }
        return isTall ? x.T : x;
    }
}
