using System.Runtime.CompilerServices;

namespace MiniTorch;

/// <summary>
/// Automatic differentiation: recording modes, and gradients, Jacobian-vector products, Jacobians and Hessians of functions (torch.autograd,
/// torch.func).
/// </summary>
/// <example><code>
/// Tensor x = Tensor.From(new[] { 1.0, 2.0 }, requiresGrad: true);
/// Tensor[] gradients = Autograd.Grad(x.Pow(3).Sum(), [x]);
/// Console.WriteLine(gradients[0]); // tensor([ 3., 12.], dtype: Float64)
/// Console.WriteLine(Autograd.Hessian(t => t.Pow(3).Sum(), x.Detach()));
/// // tensor([[ 6.,  0.],
/// //         [ 0., 12.]], dtype: Float64)
/// </code></example>
public static partial class Autograd
{
    /// <summary>Turns off recording until the result is disposed of (torch.no_grad). The mode flows with async code.</summary>
    public static ModeScope NoGrad() => EngineMode.Record(false);

    /// <summary>Turns recording on again until the result is disposed of (torch.enable_grad).</summary>
    public static ModeScope EnableGrad() => EngineMode.Record(true);

    /// <summary>
    /// Throws a <see cref="ValueException"/> at the first operation, forward or backward, that produces NaN or infinity from finite values
    /// (torch.autograd.detect_anomaly). The error names the operation, the line that called it and the module. The mode is slow; it lasts until the
    /// result is disposed of.
    /// </summary>
    /// <remarks>
    /// Lines are read from the call stack. In optimized code, a method that ends with <c>return x.Log();</c> may no longer be on the stack when
    /// Log runs (a tail call); then the error names the line of its caller.
    /// </remarks>
    public static ModeScope DetectAnomaly() => EngineMode.DetectAnomaly();

    /// <summary>
    /// Returns the gradients of <paramref name="output"/> with respect to <paramref name="inputs"/>, without changing any Grad (torch.autograd.grad).
    /// </summary>
    /// <param name="output">A scalar, or a tensor together with <paramref name="gradOutput"/>.</param>
    /// <param name="inputs">Tensors that require a gradient: leaves or results of operations.</param>
    /// <param name="gradOutput">The gradient with respect to <paramref name="output"/>, of its shape and dtype; 1 by default if the output is a
    /// scalar.</param>
    /// <param name="createGraph">Whether to record the backward pass, so that the gradients can be differentiated.</param>
    /// <param name="allowUnused">Whether to return zeros for an input that the output does not depend on, instead of throwing.</param>
    /// <param name="retainGraph">Whether to keep the saved tensors of the graph for another backward pass; <paramref name="createGraph"/> by
    /// default.</param>
    /// <exception cref="GraphException">The output has no graph, an input does not require a gradient, or the output does not depend on an
    /// input.</exception>
    [OverloadResolutionPriority(1)]
    public static Tensor[] Grad(Tensor output, ReadOnlySpan<Tensor> inputs, Tensor? gradOutput = null, bool createGraph = false,
        bool allowUnused = false, bool? retainGraph = null)
    {
        ArgumentNullException.ThrowIfNull(output);
        Tensor cotangent = Cotangent("Grad", output, gradOutput);
        for (int i = 0; i < inputs.Length; i++)
        {
            if (inputs[i] is null) throw new ArgumentNullException(nameof(inputs), $"Grad: input {i} is null");
            if (!inputs[i].RequiresGrad)
                throw new GraphException($"Grad: input {i}, shape {inputs[i].Shape}, does not require a gradient; "
                    + "set RequiresGrad before it is used");
            Ops.FuseTrace.CheckReceivesGradient("Grad", inputs[i]);
        }
        Tensor?[] found = Reverse.Gradients([output], [cotangent], inputs, retainGraph ?? createGraph, createGraph);
        var gradients = new Tensor[found.Length];
        for (int i = 0; i < found.Length; i++)
            gradients[i] = found[i] ?? (allowUnused ? Tensor.ZerosLike(inputs[i])
                : throw new GraphException($"Grad: the output does not depend on input {i}, shape {inputs[i].Shape}; "
                    + "pass allowUnused: true to get zeros for it"));
        return gradients;
    }

    /// <inheritdoc cref="Grad(Tensor, ReadOnlySpan{Tensor}, Tensor?, bool, bool, bool?)"/>
    /// <example><code>
    /// Tensor[] gradients = Autograd.Grad(loss, model.Parameters());
    /// </code></example>
    public static Tensor[] Grad(
        Tensor output, IEnumerable<Tensor> inputs, Tensor? gradOutput = null, bool createGraph = false, bool allowUnused = false,
        bool? retainGraph = null)
    {
        ArgumentNullException.ThrowIfNull(inputs);
        return Grad(output, [.. inputs], gradOutput, createGraph, allowUnused, retainGraph);
    }

    /// <summary>
    /// Returns the gradient with respect to one tensor, as an array of length 1, so that <c>Grad(y, x)[0]</c> is it (torch.autograd.grad).
    /// </summary>
    /// <inheritdoc cref="Grad(Tensor, ReadOnlySpan{Tensor}, Tensor?, bool, bool, bool?)"/>
    public static Tensor[] Grad(
        Tensor output, Tensor input, Tensor? gradOutput = null, bool createGraph = false, bool allowUnused = false, bool? retainGraph = null) =>
        Grad(output, [input], gradOutput, createGraph, allowUnused, retainGraph);

    /// <summary>
    /// Returns f(x) and the Jacobian-vector product J·v, the derivative in the direction <paramref name="v"/>, computed in forward mode
    /// (torch.func.jvp).
    /// </summary>
    /// <exception cref="ShapeException"><paramref name="v"/> does not have the shape of <paramref name="x"/>.</exception>
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

    /// <summary>
    /// Returns f(x) and the vector-Jacobian product uᵀ·J, computed in reverse mode (torch.func.vjp). <paramref name="u"/> has the shape of f(x).
    /// </summary>
    public static (Tensor Value, Tensor Gradient) Vjp(Func<Tensor, Tensor> f, Tensor x, Tensor u)
    {
        (Tensor input, Tensor value, bool createGraph) = Recorded(f, x);
        Tensor gradient = GradientOf(value, input, u, createGraph || u.Node is not null);
        // Drop the graph unless f also depends on other tensors. If f only reshapes, the value is a view of x.
        if (!createGraph) value = (ReferenceEquals(value.Storage, x.Storage) ? new Tensor(x, value.Layout) : value.Detach()).WithDual(value.Dual);
        return (value, gradient);
    }

    /// <summary>
    /// Returns the gradient of a scalar function. It is differentiable if <paramref name="x"/> is part of a graph or carries a tangent.
    /// </summary>
    private static Tensor ScalarGradient(Func<Tensor, Tensor> f, Tensor x)
    {
        (Tensor input, Tensor value, bool createGraph) = Recorded(f, x);
        if (value.ElementCount != 1) throw new ShapeException($"the function must return a scalar, but returned shape {value.Shape}");
        return GradientOf(value, input, null, createGraph);
    }

    /// <summary>
    /// Returns the Jacobian of f at x, of shape [shape of f(x)…, shape of x…], computed by one backward pass for each element of f(x)
    /// (torch.func.jacrev).
    /// </summary>
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

    /// <summary>Returns the Hessian of a scalar function at x, of shape [shape of x…, shape of x…] (torch.func.hessian).</summary>
    public static Tensor Hessian(Func<Tensor, Tensor> f, Tensor x) => Jacobian(y => ScalarGradient(f, y), x);

    /// <summary>
    /// Returns the Hessian of a scalar function times <paramref name="v"/>, computed in forward mode over reverse mode without forming the Hessian.
    /// </summary>
    public static Tensor Hvp(Func<Tensor, Tensor> f, Tensor x, Tensor v) => Jvp(y => ScalarGradient(f, y), x, v).Tangent;

    /// <summary>Returns the initial gradient of a backward pass after checking it.</summary>
    internal static Tensor Cotangent(string op, Tensor output, Tensor? gradient)
    {
        if (!output.RequiresGrad)
            throw new GraphException($"{op}: this tensor, shape {output.Shape}, has no graph: nothing that it was computed from requires a gradient "
                + "(set requiresGrad: true before computing, or use a Parameter), or it was computed under NoGrad, or from a detached tensor. "
                + "To differentiate a gradient again, pass createGraph: true to the Grad or Backward that makes it");
        if (gradient is null)
            return output.ElementCount == 1 ? Tensor.Ones(output.Shape, output.DType)
                : throw new GraphException($"{op}: the output has shape {output.Shape}, and only a scalar has an obvious gradient; "
                    + "reduce it (Sum, Mean) or pass the gradient");
        if (gradient.Shape != output.Shape)
            throw new ShapeException($"{op}: the given gradient has shape {gradient.Shape} and the output {output.Shape}; they must be equal");
        if (gradient.DType != output.DType)
            throw new DTypeException($"{op}: the given gradient is {gradient.DType} and the output {output.DType}; convert it with To");
        return gradient;
    }

    // Evaluates f at an alias of x. The derivative needs a graph if x has one, or if f reads other tensors that require a gradient.
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
            ? Reverse.Gradients([value], [Cotangent("gradient", value, cotangent)], [input], retainGraph: true, createGraph)[0]
            ?? Tensor.ZerosLike(input)
            : Tensor.ZerosLike(input);
}
