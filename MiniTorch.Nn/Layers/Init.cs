using System.Runtime.InteropServices;
using MathNet.Numerics.LinearAlgebra;
using MathNet.Numerics.LinearAlgebra.Factorization;

namespace MiniTorch.Nn;

/// <summary>
/// Fills tensors in place with initial values, the same as PyTorch's for the same seed (torch.nn.init). The calls are not recorded in the graph.
/// </summary>
public static class Init
{
    /// <summary>The number of connections that a Kaiming initialisation divides the variance by.</summary>
    public enum Fan
    {
        /// <summary>The number of inputs: keeps the variance of activations in the forward pass.</summary>
        In,

        /// <summary>The number of outputs: keeps the variance of gradients in the backward pass.</summary>
        Out,
    }

    /// <summary>Fills a tensor with uniform draws from [low, high) (torch.nn.init.uniform_).</summary>
    public static Tensor Uniform(Tensor tensor, double low = 0, double high = 1, Generator? generator = null) =>
        Fill(tensor, "Uniform", (generator ?? Generator.Default).FillUniform, (generator ?? Generator.Default).FillUniform, low, high);

    /// <summary>Fills a tensor with normal draws (torch.nn.init.normal_).</summary>
    public static Tensor Normal(Tensor tensor, double mean = 0, double std = 1, Generator? generator = null) =>
        Fill(tensor, "Normal", (generator ?? Generator.Default).FillNormal, (generator ?? Generator.Default).FillNormal, mean, std);

    /// <summary>Fills a tensor with normal draws truncated to [low, high] (torch.nn.init.trunc_normal_).</summary>
    public static Tensor TruncatedNormal(Tensor tensor, double mean = 0, double std = 1, double low = -2, double high = 2,
        Generator? generator = null)
    {
        Generator source = generator ?? Generator.Default;
        return Fill(tensor, "TruncatedNormal", (span, m, s) => source.FillTruncatedNormal(span, m, s, low, high),
            (span, m, s) => source.FillTruncatedNormal(span, m, s, low, high), mean, std);
    }

    /// <summary>Fills a tensor with one number (torch.nn.init.constant_).</summary>
    public static Tensor Constant(Tensor tensor, double value)
    {
        using ModeScope mode = Autograd.NoGrad();
        return tensor.FillInPlace(value);
    }

    /// <summary>Fills a tensor with zeros (torch.nn.init.zeros_).</summary>
    public static Tensor Zeros(Tensor tensor) => Constant(tensor, 0);

    /// <summary>Fills a tensor with ones (torch.nn.init.ones_).</summary>
    public static Tensor Ones(Tensor tensor) => Constant(tensor, 1);

    /// <summary>
    /// Fills a tensor with uniform draws from ±gain·√(6 / (fan_in + fan_out)) (torch.nn.init.xavier_uniform_; Glorot and Bengio 2010).
    /// </summary>
    /// <exception cref="ShapeException">The tensor has fewer than two dimensions.</exception>
    public static Tensor XavierUniform(Tensor tensor, double gain = 1, Generator? generator = null)
    {
        double bound = Math.Sqrt(3) * XavierStd(tensor, "XavierUniform", gain);
        return Uniform(tensor, -bound, bound, generator);
    }

    /// <summary>
    /// Fills a tensor with normal draws of standard deviation gain·√(2 / (fan_in + fan_out)) (torch.nn.init.xavier_normal_; Glorot and Bengio 2010).
    /// </summary>
    /// <exception cref="ShapeException">The tensor has fewer than two dimensions.</exception>
    public static Tensor XavierNormal(Tensor tensor, double gain = 1, Generator? generator = null) =>
        Normal(tensor, 0, XavierStd(tensor, "XavierNormal", gain), generator);

    /// <summary>
    /// Returns the recommended gain for a nonlinearity: 1 for Linear and Sigmoid, 5/3 for Tanh, √2 for Relu, √(2 / (1 + a²)) for LeakyRelu of slope
    /// a, 3/4 for Selu (torch.nn.init.calculate_gain).
    /// </summary>
    /// <param name="nonlinearity">The nonlinearity after the layer.</param>
    /// <param name="a">The slope of the leaky ReLU.</param>
    /// <exception cref="ValueException">The nonlinearity is not one of the enumeration.</exception>
    public static double Gain(Nonlinearity nonlinearity, double a = 0.01) => nonlinearity switch
    {
        Nonlinearity.Linear or Nonlinearity.Sigmoid => 1,
        Nonlinearity.Tanh => 5.0 / 3,
        Nonlinearity.Relu => Math.Sqrt(2),
        Nonlinearity.LeakyRelu => Math.Sqrt(2 / (1 + (a * a))),
        Nonlinearity.Selu => 0.75,
        _ => throw new ValueException($"Init.Gain: {nonlinearity} is not a known nonlinearity; use "
            + $"{string.Join(", ", Enum.GetNames<Nonlinearity>())}"),
    };

    /// <summary>Fills a tensor with uniform draws from ±gain·√(3 / fan) (torch.nn.init.kaiming_uniform_; He et al. 2015).</summary>
    /// <param name="tensor">The tensor to fill, at least two dimensions.</param>
    /// <param name="a">The slope of a leaky ReLU.</param>
    /// <param name="mode">The fan: inputs or outputs.</param>
    /// <param name="nonlinearity">The nonlinearity after the layer; see <see cref="Gain"/>.</param>
    /// <param name="generator">The generator that draws the numbers; <see cref="Generator.Default"/> by default.</param>
    /// <exception cref="ShapeException">The tensor has fewer than two dimensions.</exception>
    public static Tensor KaimingUniform(
        Tensor tensor, double a = 0, Fan mode = Fan.In, Nonlinearity nonlinearity = Nonlinearity.LeakyRelu, Generator? generator = null)
    {
        double bound = Math.Sqrt(3) * KaimingStd(tensor, "KaimingUniform", mode, Gain(nonlinearity, a));
        return Uniform(tensor, -bound, bound, generator);
    }

    /// <summary>Fills a tensor with normal draws of standard deviation gain / √fan (torch.nn.init.kaiming_normal_; He et al. 2015).</summary>
    /// <inheritdoc cref="KaimingUniform"/>
    public static Tensor KaimingNormal(
        Tensor tensor, double a = 0, Fan mode = Fan.In, Nonlinearity nonlinearity = Nonlinearity.LeakyRelu, Generator? generator = null) =>
        Normal(tensor, 0, KaimingStd(tensor, "KaimingNormal", mode, Gain(nonlinearity, a)), generator);

    /// <summary>
    /// Fills a tensor with a matrix of orthonormal rows or columns (whichever are fewer) times a gain: the Q of the QR decomposition of a normal
    /// matrix, with the signs of R's diagonal (torch.nn.init.orthogonal_; Saxe et al. 2013). Dimensions after the first are flattened.
    /// </summary>
    /// <exception cref="ShapeException">The tensor has fewer than two dimensions.</exception>
    public static Tensor Orthogonal(Tensor tensor, double gain = 1, Generator? generator = null)
    {
        _ = Fans(tensor, "Orthogonal");
        if (tensor.ElementCount == 0) return tensor;
        int rows = tensor.Shape[0], columns = (int)(tensor.ElementCount / rows);
        double[] normal = Normal(Tensor.Empty([rows, columns], tensor.DType), generator: generator).ToArray<double>();
        Matrix<double> matrix = Matrix<double>.Build.DenseOfRowMajor(rows, columns, normal);
        bool isWide = rows < columns;
        QR<double> factors = (isWide ? matrix.Transpose() : matrix).QR(QRMethod.Thin);
        Vector<double> signs = factors.R.Diagonal().Map(r => gain * Math.Sign(r));
        Matrix<double> result = factors.Q * Matrix<double>.Build.DiagonalOfDiagonalVector(signs);
        using ModeScope mode = Autograd.NoGrad();
        return tensor.CopyInPlace(Tensor.From((isWide ? result.Transpose() : result).ToRowMajorArray(), tensor.Shape));
    }

    /// <summary>Returns fan_in and fan_out of a weight of shape [out, in, …].</summary>
    /// <exception cref="ShapeException">The tensor has fewer than two dimensions.</exception>
    internal static (long In, long Out) Fans(Tensor tensor, string op)
    {
        if (tensor.Rank < 2)
            throw new ShapeException($"Init.{op}: the weight must have shape [out, in, …], but shape {tensor.Shape} has {tensor.Rank} dimensions");
        long receptive = 1;
        for (int i = 2; i < tensor.Rank; i++) receptive *= tensor.Shape[i];
        return (tensor.Shape[1] * receptive, tensor.Shape[0] * receptive);
    }

    private static double XavierStd(Tensor tensor, string op, double gain)
    {
        (long fanIn, long fanOut) = Fans(tensor, op);
        return gain * Math.Sqrt(2.0 / (fanIn + fanOut));
    }

    private static double KaimingStd(Tensor tensor, string op, Fan mode, double gain)
    {
        (long fanIn, long fanOut) = Fans(tensor, op);
        return gain / Math.Sqrt(mode == Fan.In ? fanIn : fanOut);
    }

    private static Tensor Fill(Tensor tensor, string op, Draw<float> floats, Draw<double> doubles, double first, double second)
    {
        tensor.RequireFloat($"Init.{op}", "the tensor");
        if (tensor.ElementCount == 0) return tensor;
        Tensor drawn = Tensor.Empty(tensor.Shape, tensor.DType);
        if (drawn.DType == DType.Float32) floats(MemoryMarshal.Cast<byte, float>(drawn.Bytes), first, second);
        else doubles(MemoryMarshal.Cast<byte, double>(drawn.Bytes), first, second);
        using ModeScope mode = Autograd.NoGrad();
        return tensor.CopyInPlace(drawn);
    }

    private delegate void Draw<T>(Span<T> destination, double first, double second);
}
