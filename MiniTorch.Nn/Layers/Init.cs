using System.Runtime.InteropServices;
using MathNet.Numerics.LinearAlgebra;
using MathNet.Numerics.LinearAlgebra.Factorization;

namespace MiniTorch.Nn;

/// <summary>Fills tensors in place with PyTorch's initial values: the same numbers for the same seed (torch.nn.init). Nothing is recorded.</summary>
public static class Init
{
    /// <summary>Which number of connections keeps its variance in a Kaiming initialisation.</summary>
    public enum Fan
    {
        /// <summary>Inputs: forward values keep their size.</summary>
        In,

        /// <summary>Outputs: gradients keep their size.</summary>
        Out,
    }

    /// <summary>Uniform draws from [low, high) (uniform_).</summary>
    public static Tensor Uniform(Tensor tensor, double low = 0, double high = 1, Generator? generator = null) =>
        Fill(tensor, "Uniform", (generator ?? Generator.Default).FillUniform, (generator ?? Generator.Default).FillUniform, low, high);

    /// <summary>Normal draws (normal_).</summary>
    public static Tensor Normal(Tensor tensor, double mean = 0, double std = 1, Generator? generator = null) =>
        Fill(tensor, "Normal", (generator ?? Generator.Default).FillNormal, (generator ?? Generator.Default).FillNormal, mean, std);

    /// <summary>Normal draws restricted to [low, high] (trunc_normal_).</summary>
    public static Tensor TruncatedNormal(Tensor tensor, double mean = 0, double std = 1, double low = -2, double high = 2, Generator? generator = null)
    {
        Generator source = generator ?? Generator.Default;
        return Fill(tensor, "TruncatedNormal", (span, m, s) => source.FillTruncatedNormal(span, m, s, low, high), (span, m, s) => source.FillTruncatedNormal(span, m, s, low, high), mean, std);
    }

    /// <summary>One number everywhere (constant_).</summary>
    public static Tensor Constant(Tensor tensor, double value)
    {
        using ModeScope mode = Autograd.NoGrad();
        return tensor.FillInPlace(value);
    }

    /// <summary>Zeros (zeros_).</summary>
    public static Tensor Zeros(Tensor tensor) => Constant(tensor, 0);

    /// <summary>Ones (ones_).</summary>
    public static Tensor Ones(Tensor tensor) => Constant(tensor, 1);

    /// <summary>Uniform draws from ±gain·√(6 / (fan_in + fan_out)) (xavier_uniform_; Glorot and Bengio 2010).</summary>
    /// <exception cref="ShapeException">The tensor has fewer than two dimensions.</exception>
    public static Tensor XavierUniform(Tensor tensor, double gain = 1, Generator? generator = null)
    {
        double bound = Math.Sqrt(3) * XavierStd(tensor, "XavierUniform", gain);
        return Uniform(tensor, -bound, bound, generator);
    }

    /// <summary>Normal draws of standard deviation gain·√(2 / (fan_in + fan_out)) (xavier_normal_; Glorot and Bengio 2010).</summary>
    /// <exception cref="ShapeException">The tensor has fewer than two dimensions.</exception>
    public static Tensor XavierNormal(Tensor tensor, double gain = 1, Generator? generator = null) =>
        Normal(tensor, 0, XavierStd(tensor, "XavierNormal", gain), generator);

    /// <summary>
    /// How much a nonlinearity needs its inputs' standard deviation enlarged: 1 for "linear" and "sigmoid", 5/3 for "tanh", √2 for "relu", √(2 / (1 + a²)) for
    /// "leaky_relu" of slope a, 3/4 for "selu" (calculate_gain).
    /// </summary>
    /// <param name="nonlinearity">One of these.</param>
    /// <param name="a">The slope.</param>
    /// <exception cref="ValueException">There is no such nonlinearity.</exception>
    public static double Gain(string nonlinearity, double a = 0.01) => nonlinearity switch
    {
        "linear" or "sigmoid" => 1,
        "tanh" => 5.0 / 3,
        "relu" => Math.Sqrt(2),
        "leaky_relu" => Math.Sqrt(2 / (1 + (a * a))),
        "selu" => 0.75,
        _ => throw new ValueException($"Init.Gain: '{nonlinearity}' is not known; linear, sigmoid, tanh, relu, leaky_relu and selu are"),
    };

    /// <summary>Uniform draws from ±gain·√(3 / fan) (kaiming_uniform_; He et al. 2015).</summary>
    /// <param name="tensor">What is filled.</param>
    /// <param name="a">The slope of a leaky ReLU.</param>
    /// <param name="mode">Which fan.</param>
    /// <param name="nonlinearity">Whose <see cref="Gain"/>.</param>
    /// <param name="generator">Where the numbers are drawn from; <see cref="Generator.Default"/> by default.</param>
    /// <exception cref="ShapeException">The tensor has fewer than two dimensions.</exception>
    public static Tensor KaimingUniform(Tensor tensor, double a = 0, Fan mode = Fan.In, string nonlinearity = "leaky_relu", Generator? generator = null)
    {
        double bound = Math.Sqrt(3) * KaimingStd(tensor, "KaimingUniform", mode, Gain(nonlinearity, a));
        return Uniform(tensor, -bound, bound, generator);
    }

    /// <summary>Normal draws of standard deviation gain / √fan (kaiming_normal_; He et al. 2015).</summary>
    /// <inheritdoc cref="KaimingUniform"/>
    public static Tensor KaimingNormal(Tensor tensor, double a = 0, Fan mode = Fan.In, string nonlinearity = "leaky_relu", Generator? generator = null) =>
        Normal(tensor, 0, KaimingStd(tensor, "KaimingNormal", mode, Gain(nonlinearity, a)), generator);

    /// <summary>
    /// A matrix with orthonormal rows or columns, whichever are fewer, times a gain: the Q of a normal matrix with the signs of R's diagonal
    /// (orthogonal_; Saxe et al. 2013). Dimensions after the first count as one.
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

    /// <summary>The numbers of inputs and outputs that a weight of shape [out, in, …] connects at each place.</summary>
    /// <exception cref="ShapeException">The tensor has fewer than two dimensions.</exception>
    internal static (long In, long Out) Fans(Tensor tensor, string op)
    {
        if (tensor.Rank < 2) throw new ShapeException($"Init.{op}: needs a weight of shape [out, in, …], and shape {tensor.Shape} has {tensor.Rank} dimensions");
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
        if (!tensor.DType.IsFloat()) throw new DTypeException($"Init.{op}: random reals are Float32 or Float64, not {tensor.DType}");
        if (tensor.ElementCount == 0) return tensor;
        Tensor drawn = Tensor.Empty(tensor.Shape, tensor.DType);
        if (drawn.DType == DType.Float32) floats(MemoryMarshal.Cast<byte, float>(drawn.Bytes), first, second);
        else doubles(MemoryMarshal.Cast<byte, double>(drawn.Bytes), first, second);
        using ModeScope mode = Autograd.NoGrad();
        return tensor.CopyInPlace(drawn);
    }

    private delegate void Draw<T>(Span<T> destination, double first, double second);
}
