namespace MiniTorch.Nn;

/// <summary>
/// Replaces parameters of modules by functions of other parameters: weight normalisation, spectral normalisation, orthogonal matrices, and rules of
/// your own (torch.nn.utils.parametrize, torch.nn.utils.parametrizations).
/// </summary>
/// <remarks>
/// <para>The module then has the parameters <c>parametrizations.weight.original…</c> instead of <c>weight</c>, under PyTorch's names in the state.
/// During each call of the module its parameter object stands for the computed tensor, so that every layer can be parametrised. Between calls it
/// has the values of the last call and requires no gradient; <see cref="Value"/> computes it. Create optimisers afterwards.</para>
/// <para>Calls of a parametrised module from several threads wait for each other. A parameter that other modules share cannot be parametrised in
/// one of them only: the others would see its last values, and no longer train it.</para>
/// </remarks>
public static class Parametrize
{
    /// <summary>
    /// Splits a parameter into length and direction, w = g·v/‖v‖, which are learnt separately (torch.nn.utils.parametrizations.weight_norm; Salimans
    /// and Kingma, "Weight Normalization", 2016). The state has <c>original0</c> (g) and <c>original1</c> (v).
    /// </summary>
    /// <param name="module">The module; the function returns it.</param>
    /// <param name="name">The parameter's name.</param>
    /// <param name="dim">The dimension that keeps a length for each index; null for one length of the whole parameter.</param>
    /// <exception cref="ValueException">The module has no such parameter, or it is parametrised already.</exception>
    /// <exception cref="ShapeException">The parameter has no such dimension.</exception>
    /// <example><code>
    /// var layer = Parametrize.WeightNorm(new Linear(20, 40));
    /// </code></example>
    public static TModule WeightNorm<TModule>(TModule module, string name = "weight", int? dim = 0) where TModule : Module =>
        Register(module, name, parameter => new WeightNorm(parameter, dim));

    /// <summary>
    /// Divides a parameter by its largest singular value, which power iteration follows (torch.nn.utils.parametrizations.spectral_norm; Miyato et
    /// al., "Spectral Normalization for Generative Adversarial Networks", 2018). The state has <c>original</c> and the buffers <c>0._u</c> and
    /// <c>0._v</c>.
    /// </summary>
    /// <param name="module">The module; the function returns it.</param>
    /// <param name="name">The parameter's name.</param>
    /// <param name="powerIterations">The number of iterations at each call in training mode.</param>
    /// <param name="eps">ε of the normalisations.</param>
    /// <param name="dim">The dimension of the outputs; by default 1 for transposed convolutions, otherwise 0.</param>
    /// <param name="generator">Draws the first vectors; <see cref="Generator.Default"/> by default.</param>
    /// <exception cref="ValueException">The module has no such parameter, it is parametrised already, or <paramref name="powerIterations"/> is not
    /// positive.</exception>
    /// <exception cref="ShapeException">The parameter has no such dimension.</exception>
    public static TModule SpectralNorm<TModule>(
        TModule module, string name = "weight", int powerIterations = 1, double eps = 1e-12, int? dim = null, Generator? generator = null)
        where TModule : Module =>
        Register(module, name, parameter => new SpectralNorm(parameter, powerIterations, eps, dim ?? Nn.SpectralNorm.OutputsOf(module), generator));

    /// <summary>
    /// Keeps a matrix orthogonal: its columns, or its rows if there are fewer of them, are orthonormal
    /// (torch.nn.utils.parametrizations.orthogonal, with use_trivialization; Lezcano-Casado and Martínez-Rubio,
    /// "Cheap Orthogonal Constraints in Neural Networks", 2019). The state has <c>original</c> and the buffer <c>0.base</c>.
    /// </summary>
    /// <param name="module">The module; the function returns it.</param>
    /// <param name="name">The parameter's name. In a parameter of more than two dimensions the last two are the matrices.</param>
    /// <param name="map">How the matrix follows from its parameters; by default MatrixExp if it is square, otherwise Householder.</param>
    /// <param name="generator">Completes matrices that are not square; <see cref="Generator.Default"/> by default.</param>
    /// <exception cref="ValueException">The module has no such parameter, or it is parametrised already.</exception>
    /// <exception cref="ShapeException">The parameter has fewer than two dimensions.</exception>
    public static TModule Orthogonal<TModule>(TModule module, string name = "weight", OrthogonalMap? map = null, Generator? generator = null)
        where TModule : Module =>
        Register(module, name, parameter => new Orthogonal(parameter, map, generator));

    /// <summary>Attaches a rule of your own to a parameter (torch.nn.utils.parametrize.register_parametrization).</summary>
    /// <param name="module">The module; the function returns it.</param>
    /// <param name="name">The parameter's name, as in <see cref="Module.StateDict"/>.</param>
    /// <param name="create">Creates the rule from the parameter.</param>
    /// <exception cref="ValueException">The module has no such parameter, or it is parametrised already.</exception>
    /// <exception cref="ShapeException">The rule computes a tensor of another shape.</exception>
    public static TModule Register<TModule>(TModule module, string name, Func<Parameter, Parametrization> create) where TModule : Module
    {
        ArgumentNullException.ThrowIfNull(module);
        ArgumentNullException.ThrowIfNull(name);
        ArgumentNullException.ThrowIfNull(create);
        module.AttachRule(name, create);
        return module;
    }

    /// <summary>Computes a parametrised parameter; gradients flow to its originals.</summary>
    /// <exception cref="ValueException">The parameter is not parametrised.</exception>
    public static Tensor Value(Module module, string name)
    {
        ArgumentNullException.ThrowIfNull(module);
        ArgumentNullException.ThrowIfNull(name);
        return module.Parametrized(name).Rule.Compute();
    }

    /// <summary>
    /// Ends a parametrisation: the parameter keeps its present values and is learnt itself again
    /// (torch.nn.utils.parametrize.remove_parametrizations).
    /// </summary>
    /// <exception cref="ValueException">The parameter is not parametrised.</exception>
    public static TModule Remove<TModule>(TModule module, string name) where TModule : Module
    {
        ArgumentNullException.ThrowIfNull(module);
        ArgumentNullException.ThrowIfNull(name);
        module.EndParametrization(name);
        return module;
    }
}
