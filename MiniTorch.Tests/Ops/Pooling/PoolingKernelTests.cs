using System.Numerics;
using MiniTorch.Kernels;

namespace MiniTorch.Tests.Kernels;

public sealed unsafe class PoolingTests
{
    // (planes, Y, X); windows, padding, dilation, and a last window that begins inside and ends beyond the input (ceil mode)
    static readonly PoolingShape[] Shapes =
    [
        new(3, new(6, 3, 2, 2), new(8, 4, 2, 2)),
        new(2, new(7, 4, 3, 2, 1), new(5, 3, 3, 2, 1)),
        new(2, new(9, 5, 3, 1, 0, 2), new(8, 6, 2, 1, 1, 3)),
        new(1, new(5, 3, 2, 2), new(7, 4, 2, 2)),
        new(2, new(1, 1, 1), new(10, 4, 3, 3, 1)),
        new(300, new(4, 2, 2, 2), new(4, 2, 2, 2)),
        new(0, new(4, 2, 2, 2), new(4, 2, 2, 2)),
    ];

    static readonly PoolingShape[] Adaptive = [new(2, new(7, 3), new(10, 4)), new(1, new(3, 5), new(4, 4)), new(2, new(6, 1), new(5, 1))];

    [Test]
    public void Max_finds_the_first_of_equal_elements_in_every_window([Range(0, 6)] int shape)
    {
        PoolingShape s = Shapes[shape];
        double[] x = Numbers(s.Planes * s.InputSize, distinct: 4), y = new double[s.Planes * s.OutputSize];
        long[] indices = new long[y.Length];
        Max(s, x, y, indices);
        for (long o = 0; o < y.Length; o++)
        {
            var window = Window(s, o).Where(w => w.Inside).Select(w => w.Index).ToArray();
            double max = window.Max(i => x[o / s.OutputSize * s.InputSize + i]);
            y[o].ShouldBe(max);
            indices[o].ShouldBe(window.First(i => x[o / s.OutputSize * s.InputSize + i] == max));
        }
    }

    [Test]
    public void Max_of_a_window_with_a_NaN_is_NaN_and_of_negative_infinities_is_the_first()
    {
        double[] x = [1, double.NaN, 2, 3, double.NegativeInfinity, double.NegativeInfinity], y = new double[3];
        long[] indices = new long[3];
        Max(new(1, new(1, 1, 1), new(6, 3, 2, 2)), x, y, indices);
        y.ShouldBe([double.NaN, 3, double.NegativeInfinity]);
        indices.ShouldBe([1, 3, 4]);
    }

    [Test]
    public void Max_of_pairs_is_right_at_every_width([Range(2, 70)] int width)
    {
        CheckPairs<float>(width);
        CheckPairs<double>(width);
    }

    static void CheckPairs<T>(int width)
        where T : unmanaged, IBinaryFloatingPointIeee754<T>
    {
        PoolingShape s = new(3, new(5, 2, 2, 2), new(width, width / 2, 2, 2));
        using GuardedBuffer<T> x = new((int)(s.Planes * s.InputSize)), y = new((int)(s.Planes * s.OutputSize));
        using var indices = new GuardedBuffer<long>(y.Length);
        double[] numbers = Numbers(x.Length, distinct: 9);
        for (int i = 0; i < numbers.Length; i++)
            x.Span[i] = numbers[i] == 8 ? T.NaN : numbers[i] == 7 ? T.NegativeInfinity : T.CreateTruncating(numbers[i]);
        PoolingKernel.Max(s, x.Data, y.Data, indices.Data);
        for (int o = 0; o < y.Length; o++)
        {
            // The first of the largest, or the last NaN.
            long plane = o / s.OutputSize * s.InputSize;
            long[] window = [.. Window(s, o).Select(w => w.Index)];
            long[] numbersOnly = [.. window.Where(i => !T.IsNaN(x.Data[plane + i])).OrderByDescending(i => x.Data[plane + i])];
            long expected = numbersOnly.Length < 4 ? window.Last(i => T.IsNaN(x.Data[plane + i])) : numbersOnly[0];
            indices.Data[o].ShouldBe(expected);
            y.Data[o].ShouldBe(x.Data[plane + expected]);
        }
    }

    static IEnumerable<PoolingShape> Widths(int width)
    {
        foreach ((int kernel, int stride, int padding) in ((int, int, int)[])[(1, 1, 0), (2, 1, 1), (3, 1, 1), (2, 2, 0), (3, 2, 1), (2, 3, 0)])
            if (width + 2 * padding >= kernel)
            {
                PoolingAxis columns = new(width, (width + 2 * padding - kernel) / stride + 1, kernel, stride, padding);
                yield return new(2, new(4, 2, 2, 2), columns);
                yield return new(2, new(1, 1, 1), columns);
            }
        yield return new(2, new(3, 2), new(width, Math.Min(width, 5)));
        yield return new(2, new(3, 1), new(width, 1));
        yield return new(2, new(3, 1, 3, 3), new(width, 1, width, width));
    }

    [Test]
    public void Windows_of_every_width_stay_in_their_planes_and_agree_with_their_definition([Range(1, 70)] int width)
    {
        foreach (PoolingShape shape in Widths(width))
        {
            CheckGuarded<float>(shape, 1e-5);
            CheckGuarded<double>(shape, 1e-13);
        }
    }

    static void CheckGuarded<T>(PoolingShape s, double tolerance)
        where T : unmanaged, IBinaryFloatingPointIeee754<T>
    {
        foreach (bool atStart in (bool[])[false, true])
        {
            using GuardedBuffer<T> x = new((int)(s.Planes * s.InputSize), atStart), y = new((int)(s.Planes * s.OutputSize), atStart);
            using GuardedBuffer<T> dx = new(x.Length, atStart), dy = new(y.Length, atStart), maxima = new(y.Length, atStart);
            using var indices = new GuardedBuffer<long>(y.Length, atStart);
            double[] numbers = Numbers(x.Length, distinct: 9), shares = Numbers(y.Length, distinct: 7);
            for (int i = 0; i < numbers.Length; i++)
                x.Span[i] = numbers[i] == 8 ? T.NegativeInfinity : numbers[i] == 7 ? T.NaN : T.CreateTruncating(numbers[i]);
            PoolingKernel.Max(s, x.Data, y.Data, indices.Data);
            PoolingKernel.Max(s, x.Data, maxima.Data, null);
            for (int o = 0; o < y.Length; o++)
            {
                long plane = o / s.OutputSize * s.InputSize;
                long[] window = [.. Window(s, o).Where(w => w.Inside).Select(w => w.Index)];
                long[] nans = [.. window.Where(i => T.IsNaN(x.Data[plane + i]))];
                T largest = nans.Length > 0 ? T.NaN : window.Max(i => x.Data[plane + i]);
                indices.Data[o].ShouldBe(nans.Length > 0 ? nans[^1] : window.First(i => x.Data[plane + i] == largest));
                y.Data[o].ShouldBe(largest);
                maxima.Data[o].ShouldBe(largest);
            }

            for (int i = 0; i < numbers.Length; i++) x.Span[i] = T.CreateTruncating(numbers[i]);
            for (int i = 0; i < shares.Length; i++) dy.Span[i] = T.CreateTruncating(shares[i]);
            PoolingKernel.Average(s, default, x.Data, y.Data);
            PoolingKernel.AverageBackward(s, default, dy.Data, dx.Data);
            double[] gradient = new double[x.Length];
            for (int o = 0; o < y.Length; o++)
            {
                long plane = o / s.OutputSize * s.InputSize;
                long[] window = [.. Window(s, o).Where(w => w.Inside).Select(w => w.Index)];
                double.CreateChecked(y.Data[o]).ShouldBe(window.Average(i => numbers[plane + i]), tolerance);
                foreach (long i in window) gradient[plane + i] += shares[o] / window.Length;
            }
            for (int i = 0; i < gradient.Length; i++) double.CreateChecked(dx.Data[i]).ShouldBe(gradient[i], tolerance * 10);
        }
    }

    [Test]
    public void A_maximum_has_the_same_bits_with_and_without_a_gradient([Values(5, 16, 21, 66, 130)] int width,
        [Values(DType.Float32, DType.Float64)] DType dtype)
    {
        var random = new Random(width);
        float[] numbers = [-0f, 0f, float.NegativeInfinity, -1, 1, float.NaN];
        float[] data = [.. Enumerable.Range(0, 6 * 9 * width).Select(_ => numbers[random.Next(random.Next(2, 7))])];
        Tensor x = Tensor.From(data).Reshape([2, 3, 9, width]).To(dtype), recorded = x.Clone();
        recorded.RequiresGrad = true;
        ShouldAgree(t => t.MaxPool2d(3, 2, 1));
        ShouldAgree(t => t.MaxPool2d(2, 1, 1, 2));
        ShouldAgree(t => t.MaxPool1d(2));
        ShouldAgree(t => t.MaxPool1d(3, 2, 1));
        ShouldAgree(t => t.MaxPool1d(3, 3));
        ShouldAgree(t => t.AdaptiveMaxPool2d((2, 5)));

        void ShouldAgree(Func<Tensor, Tensor> pool) =>
            Array.ConvertAll(pool(x).ToArray<double>(), BitConverter.DoubleToInt64Bits)
                .ShouldBe(Array.ConvertAll(pool(recorded).ToArray<double>(), BitConverter.DoubleToInt64Bits));
    }

    [Test]
    public void The_gradient_of_max_goes_to_the_maximum([Range(0, 6)] int shape)
    {
        PoolingShape s = Shapes[shape];
        double[] x = Numbers(s.Planes * s.InputSize, distinct: 4), dy = Numbers(s.Planes * s.OutputSize, distinct: 100), dx = Numbers(x.Length, 9);
        long[] indices = new long[dy.Length];
        Max(s, x, new double[dy.Length], indices);
        double[] expected = new double[x.Length];
        for (long o = 0; o < dy.Length; o++)
            expected[o / s.OutputSize * s.InputSize + indices[o]] += dy[o];
        fixed (double* pdy = dy, pdx = dx)
        fixed (long* i = indices)
            PoolingKernel.MaxBackward(s, pdy, i, pdx);
        dx.ShouldBe(expected);
    }

    [Test]
    public void An_average_divides_by_the_window_with_or_without_its_padding([Values(0, 1, 3, 4, 5, 6)] int shape, [Values] bool countsPadding)
    {
        PoolingShape s = Shapes[shape];
        CheckAverage(s, new AverageDivisor(countsPadding), o => Window(s, o).Count(w => countsPadding ? w.Padded : w.Inside));
    }

    [Test]
    public void An_average_divides_by_a_number_of_its_own([Values(0, 4)] int shape) =>
        CheckAverage(Shapes[shape], new AverageDivisor(true, 7), _ => 7);

    [Test]
    public void An_adaptive_average_spreads_its_windows_over_the_input([Range(0, 2)] int shape)
    {
        PoolingShape s = Adaptive[shape];
        CheckAverage(s, default, o => Window(s, o).Count(w => w.Inside));
    }

    static void CheckAverage(PoolingShape s, AverageDivisor given, Func<long, int> divisor)
    {
        double[] x = Numbers(s.Planes * s.InputSize, distinct: 100), y = new double[s.Planes * s.OutputSize];
        double[] dy = Numbers(y.Length, distinct: 50), dx = Numbers(x.Length, 9), expected = new double[x.Length];
        fixed (double* px = x, py = y, pdx = dx, pdy = dy)
        {
            PoolingKernel.Average(s, given, px, py);
            PoolingKernel.AverageBackward(s, given, pdy, pdx);
        }

        for (long o = 0; o < y.Length; o++)
        {
            long plane = o / s.OutputSize * s.InputSize;
            long[] window = [.. Window(s, o).Where(w => w.Inside).Select(w => w.Index)];
            y[o].ShouldBe(window.Sum(i => x[plane + i]) / divisor(o), 1e-12);
            foreach (long i in window)
                expected[plane + i] += dy[o] / divisor(o);
        }

        dx.ShouldBe(expected, 1e-12);
    }

    /// <summary>The elements of output o's window: index in the plane, whether it is in the input, and whether in the input or its padding.</summary>
    static IEnumerable<(long Index, bool Inside, bool Padded)> Window(PoolingShape s, long o)
    {
        foreach (var (y, insideY, paddedY) in Line(s.Y, o % s.OutputSize / s.X.Output))
            foreach (var (x, insideX, paddedX) in Line(s.X, o % s.X.Output))
                yield return (y * s.X.Input + x, insideY && insideX, paddedY && paddedX);
    }

    static IEnumerable<(long Index, bool Inside, bool Padded)> Line(PoolingAxis axis, long o)
    {
        if (axis.Kernel == 0)
        {
            long start = (long)Math.Floor((double)o * axis.Input / axis.Output), end = (long)Math.Ceiling((o + 1.0) * axis.Input / axis.Output);
            for (long i = start; i < end; i++)
                yield return (i, true, true);
            yield break;
        }

        for (long k = 0; k < axis.Kernel; k++)
        {
            long i = o * axis.Stride - axis.Padding + k * axis.Dilation;
            yield return (i, i >= 0 && i < axis.Input, i < axis.Input + axis.Padding);
        }
    }

    static double[] Numbers(long count, int distinct)
    {
        var random = new Random((int)count + distinct);
        return [.. Enumerable.Range(0, (int)count).Select(_ => (double)random.Next(distinct))];
    }

    static void Max(PoolingShape s, double[] x, double[] y, long[] indices)
    {
        fixed (double* px = x, py = y)
        fixed (long* i = indices)
            PoolingKernel.Max(s, px, py, i);
    }
}
