using System.Runtime.CompilerServices;

namespace MiniTorch;

public static partial class Autograd
{
    /// <summary>
    /// Creates a differentiable function of one tensor from its value and its derivative (torch.autograd.Function). Both functions are written in
    /// tensor operations; then higher derivatives and forward mode follow. <see cref="GradCheck"/> tells whether they belong together.
    /// </summary>
    /// <param name="forward">Computes y = f(x). Its operations are not recorded.</param>
    /// <param name="backward">Computes the gradient of x from x and the gradient of y.</param>
    /// <example><code>
    /// Func&lt;Tensor, Tensor&gt; swish = Autograd.Custom(x => x * x.Sigmoid(), (x, g) => g * (x.Sigmoid() + x * x.Sigmoid() * (1 - x.Sigmoid())));
    /// GradCheck.Run(x => swish(x).Sum(), Tensor.Randn([5])).ThrowIfFailed();
    /// </code></example>
    public static Func<Tensor, Tensor> Custom(Func<Tensor, Tensor> forward, Func<Tensor, Tensor, Tensor> backward)
    {
        ArgumentNullException.ThrowIfNull(forward);
        ArgumentNullException.ThrowIfNull(backward);
        var op = new CustomOp(x => forward(x[0]), (x, _, g) => [backward(x[0], g)]);
        return x => op.Apply(x);
    }

    /// <summary>
    /// Creates a differentiable function of several tensors; see <see cref="Custom(Func{Tensor, Tensor}, Func{Tensor, Tensor, Tensor})"/>.
    /// </summary>
    /// <param name="forward">Computes the result from the inputs. Its operations are not recorded.</param>
    /// <param name="backward">Computes the gradients of the inputs from the inputs, the result and its gradient; null for an input without
    /// one.</param>
    public static Func<Tensor[], Tensor> Custom(Func<Tensor[], Tensor> forward, Func<Tensor[], Tensor, Tensor, Tensor?[]> backward)
    {
        ArgumentNullException.ThrowIfNull(forward);
        ArgumentNullException.ThrowIfNull(backward);
        var op = new CustomOp(forward, backward);
        return x => op.Apply(x);
    }

    /// <summary>Returns the gradient of a scalar function (torch.func.grad).</summary>
    /// <exception cref="ShapeException">The function does not return a scalar.</exception>
    public static Tensor Gradient(Func<Tensor, Tensor> f, Tensor x) => ScalarGradient(f, x);

    /// <summary>Returns the gradients of a scalar function of several tensors (torch.func.grad).</summary>
    /// <exception cref="ShapeException">The function does not return a scalar.</exception>
    [OverloadResolutionPriority(1)]
    public static Tensor[] Gradient(Func<Tensor[], Tensor> f, IReadOnlyList<Tensor> x)
    {
        var flat = new Flattened(f, x, "Gradient");
        return flat.Split(ScalarGradient(flat.Function, flat.Values));
    }

    /// <summary>
    /// Returns f(x) and its derivative in the directions <paramref name="v"/>, one for each input; see <see cref="Jvp(Func{Tensor, Tensor}, Tensor,
    /// Tensor)"/>.
    /// </summary>
    [OverloadResolutionPriority(1)]
    public static (Tensor Value, Tensor Tangent) Jvp(Func<Tensor[], Tensor> f, IReadOnlyList<Tensor> x, IReadOnlyList<Tensor> v)
    {
        var flat = new Flattened(f, x, "Jvp");
        return Jvp(flat.Function, flat.Values, flat.Join(v, "Jvp"));
    }

    /// <summary>Returns f(x) and uᵀ·J for each input; see <see cref="Vjp(Func{Tensor, Tensor}, Tensor, Tensor)"/>.</summary>
    [OverloadResolutionPriority(1)]
    public static (Tensor Value, Tensor[] Gradients) Vjp(Func<Tensor[], Tensor> f, IReadOnlyList<Tensor> x, Tensor u)
    {
        var flat = new Flattened(f, x, "Vjp");
        (Tensor value, Tensor gradient) = Vjp(flat.Function, flat.Values, u);
        return (value, flat.Split(gradient));
    }

    /// <summary>
    /// Returns the Jacobian of f with respect to each input, of shape [shape of f(x)…, shape of the input…]; see <see cref="Jacobian(Func{Tensor,
    /// Tensor}, Tensor)"/>.
    /// </summary>
    [OverloadResolutionPriority(1)]
    public static Tensor[] Jacobian(Func<Tensor[], Tensor> f, IReadOnlyList<Tensor> x)
    {
        var flat = new Flattened(f, x, "Jacobian");
        return flat.Split(Jacobian(flat.Function, flat.Values));
    }

    /// <summary>
    /// Returns the blocks of the Hessian of a scalar function of several tensors: block [i][j] has the shape [shape of input i…, shape of input j…];
    /// see <see cref="Hessian(Func{Tensor, Tensor}, Tensor)"/>.
    /// </summary>
    [OverloadResolutionPriority(1)]
    public static Tensor[][] Hessian(Func<Tensor[], Tensor> f, IReadOnlyList<Tensor> x)
    {
        var flat = new Flattened(f, x, "Hessian");
        Tensor hessian = Hessian(flat.Function, flat.Values);
        return [.. flat.Split(hessian.T).Select(block => flat.Split(block.MoveDim(0, -1)))];
    }

    /// <summary>
    /// Returns the Hessian of a scalar function of several tensors times <paramref name="v"/>, one tensor for each input; see <see
    /// cref="Hvp(Func{Tensor, Tensor}, Tensor, Tensor)"/>.
    /// </summary>
    [OverloadResolutionPriority(1)]
    public static Tensor[] Hvp(Func<Tensor[], Tensor> f, IReadOnlyList<Tensor> x, IReadOnlyList<Tensor> v)
    {
        var flat = new Flattened(f, x, "Hvp");
        return flat.Split(Hvp(flat.Function, flat.Values, flat.Join(v, "Hvp")));
    }

    /// <summary>A function of several tensors as one of a single vector, so that every derivative of one tensor is one of several.</summary>
    private sealed class Flattened
    {
        private readonly Shape[] _shapes;

        public Flattened(Func<Tensor[], Tensor> f, IReadOnlyList<Tensor> x, string op)
        {
            ArgumentNullException.ThrowIfNull(f);
            ArgumentNullException.ThrowIfNull(x);
            if (x.Count == 0) throw new ValueException($"{op}: the list of inputs is empty");
            if (x.Any(input => input is null)) throw new ArgumentNullException(nameof(x), $"{op}: an input is null");
            if (x.FirstOrDefault(input => input.DType != x[0].DType) is { } other)
                throw new DTypeException($"{op}: the inputs are {x[0].DType} and {other.DType}; convert them to one dtype with To");
            _shapes = [.. x.Select(input => input.Shape)];
            Function = vector => f(Split(vector));
            Values = Vector(x);
        }

        public Func<Tensor, Tensor> Function { get; }

        public Tensor Values { get; }

        /// <summary>Joins one tensor for each input, of its shape, to a vector.</summary>
        public Tensor Join(IReadOnlyList<Tensor> v, string op)
        {
            ArgumentNullException.ThrowIfNull(v);
            if (v.Count != _shapes.Length) throw new ValueException($"{op}: there are {v.Count} directions for {_shapes.Length} inputs");
            for (int i = 0; i < _shapes.Length; i++)
                if (v[i]?.Shape != _shapes[i])
                    throw new ShapeException($"{op}: direction {i} has shape {v[i]?.Shape} and its input {_shapes[i]}; they must be equal");
            return Vector(v);
        }

        /// <summary>Splits the last dimension of a tensor into the inputs' elements, in their shapes.</summary>
        public Tensor[] Split(Tensor joined)
        {
            var parts = new Tensor[_shapes.Length];
            int start = 0;
            for (int i = 0; i < parts.Length; i++)
            {
                int count = (int)_shapes[i].ElementCount;
                parts[i] = joined.Narrow(-1, start, count).Reshape([.. joined.Shape.Span[..^1], .. _shapes[i].Span]);
                start += count;
            }
            return parts;
        }

        private static Tensor Vector(IReadOnlyList<Tensor> tensors) =>
            tensors.Count == 1 ? tensors[0].Reshape(Shape.Size(tensors[0].ElementCount, "Autograd"))
            : Tensor.Cat(tensors.Select(tensor => tensor.Reshape(Shape.Size(tensor.ElementCount, "Autograd"))));
    }
}
