namespace MiniTorch.Nn;

/// <summary>
/// Computes a parameter of a module from other tensors, which are learnt instead of it (torch.nn.utils.parametrize). Derive from it for a rule of
/// your own: the tensors are fields, as in every module, and <see cref="Compute"/> returns the parameter. <see cref="Parametrize.Register"/> and a
/// <see cref="ParametrizationAttribute"/> attach it.
/// </summary>
/// <example><code>
/// var layer = Parametrize.Register(new Linear(3, 3), "weight", weight => new Symmetric(weight));
///
/// sealed class Symmetric(Parameter weight) : Parametrization
/// {
///     [Name("original")]
///     private readonly Parameter _original = new(weight.Detach().Clone());
///
///     protected override Tensor Compute() => _original.Triu() + _original.Triu(1).T;
/// }
/// </code></example>
public abstract class Parametrization : Module
{
    /// <summary>Computes the parameter, in its shape and dtype; every call of the module does so once.</summary>
    protected internal abstract Tensor Compute();
}

/// <summary>
/// Parametrises the parameter in a field or property, or a parameter of the module in it; see <see cref="Parametrize"/>. It takes effect when the
/// module is called or its parameters are listed for the first time, so create optimisers after the model, as usual.
/// </summary>
/// <example><code>
/// Tensor score = new Critic().Call(Tensor.Ones([5, 64]));
///
/// sealed class Critic : Module&lt;Tensor, Tensor&gt;
/// {
///     [SpectralNorm]
///     private readonly Linear _fc1 = new(64, 64), _fc2 = new(64, 1);
///
///     [WeightNorm]
///     private readonly Parameter _scale = new(Tensor.Ones([64, 64]));
///
///     protected override Tensor Forward(Tensor x) => _fc2.Call(_fc1.Call(x.MatMul(_scale)).Relu());
/// }
/// </code></example>
[AttributeUsage(AttributeTargets.Field | AttributeTargets.Property)]
public abstract class ParametrizationAttribute : Attribute
{
    /// <summary>If the field or property holds a module: the name of its parameter, <c>weight</c> by default.</summary>
    public string Parameter { get; init; } = "weight";

    /// <summary>Creates the rule for a parameter.</summary>
    /// <param name="owner">The module that has the parameter.</param>
    /// <param name="parameter">The parameter, whose values the rule should begin with.</param>
    public abstract Parametrization Create(Module owner, Parameter parameter);
}
