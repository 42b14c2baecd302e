namespace MiniTorch;

/// <summary>Differentiation: modes of recording, and gradients, tangents, Jacobians and Hessians of functions (torch.autograd, torch.func).</summary>
public static class Autograd
{
    /// <summary>Operations are not recorded until the result is disposed of (torch.no_grad). Flows with async code.</summary>
    public static ModeScope NoGrad() => EngineMode.Record(false);

    /// <summary>Operations are recorded again until the result is disposed of (torch.enable_grad).</summary>
    public static ModeScope EnableGrad() => EngineMode.Record(true);

    /// <summary>
    /// Until the result is disposed of, every operation notes the line that called it, and the first one that makes NaN or infinity of finite values,
    /// forward or backward, throws (torch.autograd.detect_anomaly). Slow.
    /// </summary>
    /// <remarks>
    /// Lines come from the stack. In optimized code, a method that ends with <c>return x.Log();</c> is no longer on the stack when
    /// Log runs (a tail call); the line of its caller is named then.
    /// </remarks>
    public static ModeScope DetectAnomaly() => EngineMode.DetectAnomaly();

    /// <summary>
    /// The gradients of <paramref name="output"/> with respect to <paramref name="inputs"/>, without touching any Grad (torch.autograd.grad).
    /// </summary>
    /// <param name="output">A scalar, or a tensor together with <paramref name="gradOutput"/>.</param>
    /// <param name="inputs">Tensors that require a gradient; leaves or not.</param>
    /// <param name="gradOutput">The cotangent, of the output's shape and dtype; 1 for a scalar.</param>
    /// <param name="createGraph">Whether the gradients can be differentiated again.</param>
    /// <param name="allowUnused">Whether an input that the output does not depend on gives a zero gradient instead of an error.</param>
    /// <param name="retainGraph">Whether the graph can be used again; as <paramref name="createGraph"/> by default.</param>
    /// <exception cref="GraphException">The output has no graph, an input does not require a gradient, or is not used.</exception>
    public static Tensor[] Grad(Tensor output, ReadOnlySpan<Tensor> inputs, Tensor? gradOutput = null, bool createGraph = false, bool allowUnused = false, bool? retainGraph = null)
    {
        ArgumentNullException.ThrowIfNull(output);
        Tensor cotangent = Cotangent("Grad", output, gradOutput);
        for (int i = 0; i < inputs.Length; i++)
        {
            if (inputs[i] is null) throw new ArgumentNullException(nameof(inputs), $"Grad: input {i} is null");
            if (!inputs[i].RequiresGrad) throw new GraphException($"Grad: input {i}, shape {inputs[i].Shape}, does not require a gradient; set RequiresGrad before it is used");
            Ops.FuseTrace.CheckReceivesGradient("Grad", inputs[i]);
        }
        Tensor?[] found = Reverse.Gradients([output], [cotangent], inputs, retainGraph ?? createGraph, createGraph);
        var gradients = new Tensor[found.Length];
        for (int i = 0; i < found.Length; i++)
            gradients[i] = found[i] ?? (allowUnused ? Tensor.ZerosLike(inputs[i])
                : throw new GraphException($"Grad: the output does not depend on input {i}, shape {inputs[i].Shape}; pass allowUnused: true to get zeros for it"));
        return gradients;
    }

    /// <summary>f(x) and its directional derivative along <paramref name="v"/>, by forward mode (torch.func.jvp).</summary>
    /// <exception cref="ShapeException"><paramref name="v"/> is not of x's shape.</exception>
    public static (Tensor Value, Tensor Tangent) Jvp(Func<Tensor, Tensor> f, Tensor x, Tensor v)
    {
        ArgumentNullException.ThrowIfNull(f);
        ArgumentNullException.ThrowIfNull(x);
        ArgumentNullException.ThrowIfNull(v);
        if (v.Shape != x.Shape) throw new ShapeException($"Jvp: the direction has shape {v.Shape} and x has {x.Shape}; they must be equal");
        using var level = new JvpLevel();
        (Tensor value, Tensor? tangent) = Forward.Split(Given(f(x.WithDual(new Dual(level, v.To(x.DType), x.Dual)))), level);
        return (value, tangent ?? Tensor.ZerosLike(value));
    }

    /// <summary>f(x) and uᵀ·J, by reverse mode (torch.func.vjp).</summary>
    public static (Tensor Value, Tensor Gradient) Vjp(Func<Tensor, Tensor> f, Tensor x, Tensor u)
    {
        (Tensor input, Tensor value, bool createGraph) = Recorded(f, x);
        Tensor gradient = GradientOf(value, input, u, createGraph || u.Node is not null);
        // Unless somebody else's tensors are in it, the value's graph ends here. A function that only reshapes gives a view of x.
        if (!createGraph) value = (ReferenceEquals(value.Storage, x.Storage) ? new Tensor(x, value.Layout) : value.Detach()).WithDual(value.Dual);
        return (value, gradient);
    }

    /// <summary>The gradient of a scalar function, differentiable where <paramref name="x"/> is part of a graph or carries a tangent.</summary>
    internal static Tensor Gradient(Func<Tensor, Tensor> f, Tensor x)
    {
        (Tensor input, Tensor value, bool createGraph) = Recorded(f, x);
        if (value.ElementCount != 1) throw new ShapeException($"the function must give a scalar, not shape {value.Shape}");
        return GradientOf(value, input, null, createGraph);
    }

    /// <summary>The Jacobian of f at x, of shape [output's shape…, x's shape…], a row by reverse mode each (torch.func.jacrev).</summary>
    public static Tensor Jacobian(Func<Tensor, Tensor> f, Tensor x)
    {
        (Tensor input, Tensor value, bool createGraph) = Recorded(f, x);
        int count = Shape.Size(value.ElementCount, "Jacobian");
        var rows = new Tensor[count];
        for (int i = 0; i < count; i++)
        {
            Tensor basis = Tensor.Zeros([count], value.DType);
            basis[i] = 1;
            rows[i] = GradientOf(value, input, basis.Reshape(value.Shape), createGraph);
        }
        Shape shape = Shape.Create([.. value.Shape.Span, .. x.Shape.Span]);
        return count == 0 ? Tensor.Zeros(shape, x.DType) : Tensor.Stack(rows).Reshape(shape);
    }

    /// <summary>The Hessian of a scalar function at x, of shape [x's shape…, x's shape…] (torch.func.hessian).</summary>
    public static Tensor Hessian(Func<Tensor, Tensor> f, Tensor x) => Jacobian(y => Gradient(f, y), x);

    /// <summary>The Hessian of a scalar function times <paramref name="v"/>: forward mode over reverse, without forming the Hessian.</summary>
    public static Tensor Hvp(Func<Tensor, Tensor> f, Tensor x, Tensor v) => Jvp(y => Gradient(f, y), x, v).Tangent;

    /// <summary>The checked cotangent of a backward pass.</summary>
    internal static Tensor Cotangent(string op, Tensor output, Tensor? gradient)
    {
        if (!output.RequiresGrad)
            throw new GraphException($"{op}: this tensor, shape {output.Shape}, has no graph: no input required a gradient, "
                + "or it was made under NoGrad or detached. "
                + "To differentiate a gradient again, pass createGraph: true to the Grad or Backward that makes it");
        if (gradient is null)
            return output.ElementCount == 1 ? Tensor.Ones(output.Shape, output.DType)
                : throw new GraphException($"{op}: the output has shape {output.Shape}, and only a scalar has an obvious gradient; reduce it (Sum, Mean) or pass the gradient");
        if (gradient.Shape != output.Shape) throw new ShapeException($"{op}: the given gradient has shape {gradient.Shape} and the output {output.Shape}; they must be equal");
        if (gradient.DType != output.DType) throw new DTypeException($"{op}: the given gradient is {gradient.DType} and the output {output.DType}; convert it with To");
        return gradient;
    }

    // f at a new name for x. The derivative is part of a graph where x is, and where f reads tensors that require a gradient: it depends on them too.
    private static (Tensor Input, Tensor Value, bool CreateGraph) Recorded(Func<Tensor, Tensor> f, Tensor x)
    {
        ArgumentNullException.ThrowIfNull(f);
        ArgumentNullException.ThrowIfNull(x);
        bool outer = EngineMode.Enabled;
        using ModeScope mode = EngineMode.Record(true);
        if (x.Node is not null)
        {
            Tensor alias = x.Alias();
            return (alias, Given(f(alias)), true);
        }
        Tensor leaf = x.WithDual(x.Dual);
        leaf.RequiresGrad = true;
        Tensor value = Given(f(leaf));
        return (leaf, value, outer && Reverse.DependsOnOthers(value, leaf));
    }

    private static Tensor Given(Tensor? value) => value ?? throw new ValueException("the function returned null; it must return a tensor");

    private static Tensor GradientOf(Tensor value, Tensor input, Tensor? cotangent, bool createGraph) =>
        value.RequiresGrad
            ? Reverse.Gradients([value], [Cotangent("gradient", value, cotangent)], [input], retainGraph: true, createGraph)[0] ?? Tensor.ZerosLike(input)
            : Tensor.ZerosLike(input);
}
