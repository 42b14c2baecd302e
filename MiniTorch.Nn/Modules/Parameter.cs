using System.Diagnostics;

namespace MiniTorch.Nn;

/// <summary>
/// A tensor that a model learns: a leaf that requires a gradient, discovered by its module and passed to optimisers (torch.nn.Parameter).
/// </summary>
/// <example><code>
/// Console.WriteLine(new Scale().Parameters().Count); // 1
///
/// sealed class Scale : Module&lt;Tensor, Tensor&gt;
/// {
///     private readonly Parameter _factor = new(Tensor.Ones([1]));
///
///     protected override Tensor Forward(Tensor x) => _factor * x;
/// }
/// </code></example>
[DebuggerDisplay("{Name,nq} {DebugText,nq}")]
public sealed class Parameter : Tensor
{
    /// <summary>Creates a parameter with the values of <paramref name="data"/>, which is detached and shares its memory.</summary>
    /// <exception cref="DTypeException"><paramref name="data"/> is an integer or Bool tensor.</exception>
    public Parameter(Tensor data) : base(Separate(data))
    {
        RequiresGrad = true;
    }

    /// <summary>
    /// The name under which <see cref="Module.NamedParameters"/> or <see cref="Module.Parameters"/> listed it last; optimisers save it.
    /// </summary>
    internal string? Name { get; set; }

    /// <summary>The value of a parametrised parameter during a call of its module.</summary>
    internal Tensor? Computed { get; set; }

    internal override Tensor Current => Computed ?? this;

    // Elements that share memory cannot be updated separately.
    private static Tensor Separate(Tensor data)
    {
        ArgumentNullException.ThrowIfNull(data);
        return data.Layout.Overlaps ? data.Detach().Clone() : data;
    }
}
