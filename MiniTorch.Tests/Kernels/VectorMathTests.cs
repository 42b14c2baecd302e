using System.Numerics;
using System.Runtime.CompilerServices;
using MathNet.Numerics;
using MiniTorch.Kernels;

namespace MiniTorch.Tests.Kernels;

/// <summary>Errors of the vector functions, in units of the last place of the reference.</summary>
public unsafe class VectorMathTests
{
    public enum Function
    {
        Exp, Exp2, Expm1, Sigmoid, Tanh, Log, Log1p, Sin, Cos, Tan, Atan, Erf, Sinh, Cosh, Asin, Acos, Log2, Log10,
    }

    // Bounds in ulps: for float32 over all its values against float64, for float64 by samples.
    static readonly (Function Function, Func<double, double> Reference, double Float32, double Float64)[] Functions =
    [
        (Function.Exp, Math.Exp, 1.1, 2),
        (Function.Exp2, double.Exp2, 1.1, 2),
        (Function.Expm1, x => x < -50 ? -1 : 2 * Math.Sinh(x / 2) * Math.Exp(x / 2), 2, 3),
        (Function.Sigmoid, x => x < 0 ? Math.Exp(x) / (1 + Math.Exp(x)) : 1 / (1 + Math.Exp(-x)), 2.5, 2.5),
        (Function.Tanh, Math.Tanh, 1.5, 2),
        (Function.Log, Math.Log, 1, 2),
        (Function.Log1p, x => 1 + x is var u && (u == 1 || double.IsInfinity(x)) ? x : Math.Log(u) * (x / (u - 1)), 1.5, 3),
        (Function.Sin, Math.Sin, 2, 2),
        (Function.Cos, Math.Cos, 2, 2),
        (Function.Tan, Math.Tan, 3.5, 3),
        (Function.Atan, Math.Atan, 2, 2),
        (Function.Erf, SpecialFunctions.Erf, 2, 3),
        (Function.Sinh, Math.Sinh, 3, 3),
        (Function.Cosh, Math.Cosh, 3, 3),
        (Function.Asin, Math.Asin, 3, 3),
        (Function.Acos, Math.Acos, 3, 3),
        (Function.Log2, Math.Log2, 2, 3),
        (Function.Log10, Math.Log10, 2, 3),
    ];

    public static IEnumerable<TestCaseData> Cases => Functions.Select(f => new TestCaseData(f.Function));

    [TestCaseSource(nameof(Cases))]
    public void Every_97th_float_is_within_its_bound(Function function) => CheckFloats(function, 97);

    [TestCaseSource(nameof(Cases)), Explicit("minutes: all 2³² values"), Category("Exhaustive")]
    public void Every_float_is_within_its_bound(Function function) => CheckFloats(function, 1);

    static void CheckFloats(Function function, uint stride)
    {
        var (_, reference, bound, _) = Functions[(int)function];
        (double error, float worst) = (0, 0);
        object sync = new();
        const long Parts = 256, Part = (1L << 32) / Parts;
        Parallel.For(0, Parts, part =>
        {
            float* x = stackalloc float[16], y = stackalloc float[16];
            for (long bits = (part * Part / stride + 1) * stride; bits < (part + 1) * Part; bits += 16 * stride)
            {
                for (int i = 0; i < 16; i++) x[i] = BitConverter.UInt32BitsToSingle((uint)(bits + (i * stride)));
                Apply<float>(function, x, y, 16);
                for (int i = 0; i < 16; i++)
                {
                    double e = Error(y[i], reference(x[i]));
                    if (e > error) lock (sync) if (e > error) (error, worst) = (e, x[i]);
                }
            }
        });
        TestContext.Out.WriteLine($"{function}: {error:F3} ulp at {worst:G9}");
        error.ShouldBeLessThanOrEqualTo(bound, $"at {worst:G9}");
    }

    static double Error(float got, double expected)
    {
        float rounded = (float)expected;
        if (float.IsNaN(rounded) || float.IsInfinity(rounded) || rounded == 0)
            return BitConverter.SingleToInt32Bits(got) == BitConverter.SingleToInt32Bits(rounded) || (float.IsNaN(got) && float.IsNaN(rounded)) ? 0
                : Math.Abs(got - expected) / float.Epsilon is var e && e < 1 ? e : double.PositiveInfinity;
        return Math.Abs(got - expected) / Math.Max(float.Epsilon, Math.ScaleB(1, Math.ILogB(expected) - 23));
    }

    [TestCaseSource(nameof(Cases))]
    public void A_million_doubles_are_within_their_bound(Function function)
    {
        const int Count = 1_000_000;
        var (_, reference, _, bound) = Functions[(int)function];
        var random = new Random(1);
        var (x, y) = (new double[Count], new double[Count]);
        for (int i = 0; i < Count; i++)
            x[i] = i % 2 == 0 ? BitConverter.Int64BitsToDouble(random.NextInt64(long.MinValue, long.MaxValue)) : (random.NextDouble() - 0.5) * (i % 4 == 1 ? 4 : 60);
        fixed (double* source = x, destination = y) Apply<double>(function, source, destination, Count);
        (double error, double worst) = (0, 0);
        for (int i = 0; i < Count; i++)
        {
            double e = Error(y[i], reference(x[i]));
            if (e > error) (error, worst) = (e, x[i]);
        }
        TestContext.Out.WriteLine($"{function}: {error:F3} ulp at {worst:G17}");
        error.ShouldBeLessThanOrEqualTo(bound, $"at {worst:G17}");
    }

    static double Error(double got, double expected) =>
        got.Equals(expected) ? 0
        : double.IsNaN(expected) || double.IsInfinity(expected) ? double.PositiveInfinity
        : Math.Abs(got - expected) / Math.Max(double.Epsilon, Math.BitIncrement(Math.Abs(expected)) - Math.Abs(expected));

    static void Apply<T>(Function function, T* x, T* y, int count)
        where T : unmanaged, IBinaryNumber<T>
    {
        var job = new Job<T>(function, x, y, count);
        Simd.Run<Job<T>, T>(ref job);
    }

    readonly struct Job<T>(Function function, T* x, T* y, int count) : IVectorJob<T>
        where T : unmanaged, IBinaryNumber<T>
    {
        public void Run<V>()
            where V : struct, IVector<V, T>
        {
            for (int i = 0; i < count; i += V.Count) V.Store(Value(V.Load(x + i)), y + i);
        }

        [MethodImpl(MethodImplOptions.AggressiveOptimization)]
        R Value<R>(R x) where R : struct, IReal<R> => function switch
        {
            Function.Exp => R.Exp(x),
            Function.Exp2 => R.Exp2(x),
            Function.Expm1 => R.Expm1(x),
            Function.Sigmoid => R.Sigmoid(x),
            Function.Tanh => R.Tanh(x),
            Function.Log => R.Log(x),
            Function.Log1p => R.Log1p(x),
            Function.Sin => R.Sin(x),
            Function.Cos => R.Cos(x),
            Function.Tan => R.Tan(x),
            Function.Atan => R.Atan(x),
            Function.Erf => R.Erf(x),
            Function.Sinh => R.Sinh(x),
            Function.Cosh => R.Cosh(x),
            Function.Asin => R.Asin(x),
            Function.Acos => R.Acos(x),
            Function.Log2 => R.Log2(x),
            _ => R.Log10(x),
        };
    }
}
