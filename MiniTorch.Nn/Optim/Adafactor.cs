namespace MiniTorch.Optim;

/// <summary>
/// Implements Adafactor (torch.optim.Adafactor; Shazeer and Stern 2018), which remembers one number for each row and each column of a matrix instead
/// of one for each element. With s = t^τ: R ← R + s·(row means of g² − R), C ← C + s·(column means of g² − C), v = R·C / max(mean of R, ε₁), u =
/// g / max(√v, ε₁), p ← (1 − lr·λ)p − max(ε₂, rms p) · min(lr, 1/√t) · u / max(1, rms u / d), with rms p before the decay. For vectors, v ← v +
/// s·(g² − v).
/// </summary>
/// <remarks>
/// As in PyTorch, means replace the paper's sums, ε₁ bounds v instead of being added to g², and lr replaces the paper's 0.01. Tensors of more than
/// two dimensions are stacks of matrices in their last two.
/// </remarks>
public sealed class Adafactor : Optimizer
{
    /// <summary>Creates an optimiser.</summary>
    /// <param name="parameters">The parameters to optimise: leaves that require a gradient, usually <c>model.Parameters()</c>.</param>
    /// <param name="lr">The largest relative step size, and the factor of the weight decay.</param>
    /// <param name="beta2Decay">τ, 0 or less: the power of the step by which the past loses weight.</param>
    /// <param name="eps1">ε₁; 0 for the distance from 1 to the next number of the parameter's dtype, 2⁻²³ or 2⁻⁵².</param>
    /// <param name="eps2">ε₂, the smallest scale of a parameter.</param>
    /// <param name="d">The largest root mean square of u, 1 or more.</param>
    /// <param name="weightDecay">λ, which shrinks the parameters themselves.</param>
    /// <param name="maximize">Maximises the objective instead of minimising it.</param>
    /// <exception cref="ValueException">A value is out of range.</exception>
    public Adafactor(IEnumerable<Tensor> parameters, double lr = 1e-2, double beta2Decay = -0.8, double eps1 = 0, double eps2 = 1e-3, double d = 1,
        double weightDecay = 0, bool maximize = false)
        : base(parameters, new("lr", lr), new("beta2_decay", beta2Decay, double.Epsilon, double.NegativeInfinity), new("eps1", eps1),
            new("eps2", eps2), new("d", d, AtLeast: 1), new("weight_decay", weightDecay), new("maximize", maximize))
    {
    }

    /// <inheritdoc/>
    protected override IReadOnlyList<string> TensorNames => ["row_var", "col_var", "variance"];

    /// <inheritdoc/>
    protected override Shape? StateShape(Tensor parameter, string name)
    {
        int[] shape = parameter.Shape.ToArray();
        if (shape.Length < 2) return name == "variance" ? parameter.Shape : null;
        if (name == "variance") return null;
        shape[name == "row_var" ? ^1 : ^2] = 1;
        return shape;
    }

    /// <inheritdoc/>
    protected override void Update(ParameterGroup group, Tensor parameter, Tensor gradient, ParameterState state)
    {
        if (parameter.ElementCount == 0) return;
        double lr = group["lr"], share = Math.Pow(state.Step, group["beta2_decay"]);
        double eps = group["eps1"] > 0 ? group["eps1"] : Math.ScaleB(1, parameter.DType == DType.Float32 ? -23 : -52);
        double rate = Math.Max(group["eps2"], RootMeanSquare(parameter)) * Math.Min(lr, 1 / Math.Sqrt(state.Step));
        Tensor square = gradient.Square(), variance;
        if (parameter.Rank < 2)
        {
            variance = state.Tensors[2].LerpInPlace(square, share);
        }
        else
        {
            Tensor rows = state.Tensors[0].LerpInPlace(square.Mean(-1, keepDim: true), share);
            Tensor columns = state.Tensors[1].LerpInPlace(square.Mean(-2, keepDim: true), share);
            variance = rows * columns / rows.Mean(-2, keepDim: true).Clamp(min: eps);
        }
        Tensor update = gradient * variance.Clamp(min: eps * eps).Rsqrt();
        double step = rate / Math.Max(1, RootMeanSquare(update) / group["d"]);
        if (group["weight_decay"] != 0) parameter.MulInPlace(1 - (lr * group["weight_decay"]));
        parameter.AddInPlace(update, alpha: group.Is("maximize") ? step : -step);
    }

    private static double RootMeanSquare(Tensor x) => x.Norm().Item<double>() / Math.Sqrt(x.ElementCount);
}
