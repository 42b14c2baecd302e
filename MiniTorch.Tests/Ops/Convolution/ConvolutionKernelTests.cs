using MiniTorch.Kernels;

namespace MiniTorch.Tests.Kernels;

public sealed unsafe class ConvolutionTests
{
    static readonly ConvolutionShape[] Shapes =
    [
        new(2, 1, 3, 4, new(7, 7, 3, 1, 1, 1), new(9, 9, 3, 1, 1, 1)),
        new(2, 1, 1, 5, new(6, 4, 3, 1, 0, 1), new(5, 3, 3, 1, 0, 1)),
        new(3, 2, 2, 3, new(9, 5, 3, 2, 1, 1), new(8, 3, 4, 2, 1, 1)),
        new(1, 3, 1, 2, new(10, 6, 3, 1, 0, 2), new(11, 11, 3, 1, 2, 2)),
        new(2, 1, 4, 6, new(5, 5, 1, 1, 0, 1), new(5, 5, 1, 1, 0, 1)),
        new(2, 1, 3, 2, new(1, 1, 1, 1, 0, 1), new(17, 6, 5, 3, 2, 1)),
        new(1, 1, 2, 2, new(2, 6, 3, 1, 3, 1), new(2, 2, 5, 1, 2, 1)),
        new(1, 1, 64, 2, new(40, 40, 3, 1, 1, 1), new(40, 40, 3, 1, 1, 1)),
        new(0, 1, 2, 2, new(4, 4, 3, 1, 1, 1), new(4, 4, 3, 1, 1, 1)),
        new(20, 1, 2, 3, new(4, 4, 3, 1, 1, 1), new(4, 4, 3, 1, 1, 1)),
        new(3, 2, 9, 17, new(7, 5, 3, 1, 1, 2), new(20, 19, 2, 1, 0, 1)),
        new(2, 1, 9, 3, new(7, 5, 2, 1, 1, 3), new(15, 4, 2, 1, 0, 9)), // its transpose has output padding: no output sees the last inputs
        new(3, 5, 1, 1, new(9, 9, 3, 1, 1, 1), new(21, 21, 3, 1, 1, 1)), // groups of one channel
        new(2, 3, 1, 1, new(4, 2, 3, 1, 0, 1), new(3, 3, 3, 1, 1, 1)),
        new(2, 3, 1, 1, new(9, 5, 3, 2, 1, 1), new(19, 10, 3, 2, 1, 1)),
        new(2, 2, 1, 1, new(1, 1, 1, 1, 0, 1), new(50, 50, 9, 1, 4, 1)),
        new(1, 1, 1, 1, new(150, 148, 3, 1, 0, 1), new(300, 298, 3, 1, 0, 1)), // in blocks of rows
        new(5, 2, 6, 33, new(5, 5, 3, 1, 1, 1), new(7, 7, 3, 1, 1, 1)), // filters in the lanes
        new(3, 1, 5, 64, new(9, 5, 3, 2, 1, 1), new(11, 6, 3, 2, 1, 1)),
        new(2, 1, 60, 20, new(3, 3, 3, 1, 1, 1), new(3, 3, 3, 1, 1, 1)),
        new(2, 1, 16, 40, new(1, 1, 1, 1, 0, 1), new(600, 600, 5, 1, 2, 1)),
        new(2, 1, 3, 17, new(8, 2, 4, 4, 0, 1), new(14, 3, 4, 4, 0, 1)), // windows side by side
        new(1, 1, 2, 3, new(20, 3, 2, 7, 1, 3), new(17, 5, 3, 4, 3, 2)), // stride and dilation
        new(1, 2, 2, 3, new(9, 1, 1, 30, 0, 1), new(9, 9, 1, 1, 0, 1)), // a stride wider than the input
        new(1, 1, 2, 2, new(4, 6, 2, 2, 4, 1), new(4, 10, 1, 1, 3, 1)), // more padding than the kernel reaches
        new(2, 1, 4, 5, new(18, 7, 2, 3, 1, 1), new(20, 7, 2, 3, 1, 1)), // a kernel shorter than the stride: a phase of the gradient sees a part of dy
        new(2, 2, 3, 3, new(17, 9, 1, 2, 0, 1), new(16, 8, 1, 2, 0, 1)),
    ];

    [Test]
    public void Every_output_is_the_sum_over_its_patch([Range(0, 26)] int shape, [Values] bool hasBias)
    {
        ConvolutionShape s = Shapes[shape];
        using var data = new Data(s);
        double[] expected = new double[data.Y.Length];
        Visit(s, (x, w, y) => expected[y] += data.X.Data[x] * data.W.Data[w]);
        for (int i = 0; i < expected.Length; i++)
            expected[i] += hasBias ? data.Bias.Data[i / s.OutputPlane % (s.Groups * s.Filters)] : 0;
        ConvolutionKernel.Forward(s, data.X.Data, data.W.Data, hasBias ? data.Bias.Data : null, data.Y.Data);
        ShouldBeClose(data.Y.Span, expected);
    }

    [Test]
    public void The_gradient_of_the_input_sends_every_output_back_along_its_patch([Range(0, 26)] int shape)
    {
        ConvolutionShape s = Shapes[shape];
        using var data = new Data(s);
        double[] expected = new double[data.X.Length];
        Visit(s, (x, w, y) => expected[x] += data.Y.Data[y] * data.W.Data[w]);
        ConvolutionKernel.GradInput(s, data.Y.Data, data.W.Data, data.X.Data);
        ShouldBeClose(data.X.Span, expected);
    }

    [Test]
    public void The_gradient_of_the_filters_sums_over_images_and_places([Range(0, 26)] int shape)
    {
        ConvolutionShape s = Shapes[shape];
        using var data = new Data(s);
        double[] expected = new double[data.W.Length];
        Visit(s, (x, w, y) => expected[w] += data.X.Data[x] * data.Y.Data[y]);
        ConvolutionKernel.GradWeight(s, data.X.Data, data.Y.Data, data.W.Data);
        ShouldBeClose(data.W.Span, expected);
    }

    [Test, NonParallelizable]
    public void The_number_of_threads_does_not_change_a_bit([Range(0, 26)] int shape)
    {
        ConvolutionShape s = Shapes[shape];
        int count = Workers.Count;
        try
        {
            using var data = new Data(s);
            double[][] Results(int threads)
            {
                Workers.Count = threads;
                using var copy = new Data(s);
                ConvolutionKernel.Forward(s, data.X.Data, data.W.Data, data.Bias.Data, copy.Y.Data);
                ConvolutionKernel.GradInput(s, data.Y.Data, data.W.Data, copy.X.Data);
                ConvolutionKernel.GradWeight(s, data.X.Data, data.Y.Data, copy.W.Data);
                return [copy.Y.Span.ToArray(), copy.X.Span.ToArray(), copy.W.Span.ToArray()];
            }

            Results(3).ShouldBe(Results(1));
        }
        finally
        {
            Workers.Count = count;
        }
    }

    /// <summary>Every product that a convolution adds up: the places in x, w and y.</summary>
    static void Visit(ConvolutionShape s, Action<long, long, long> product)
    {
        for (long n = 0; n < s.Batch * s.Groups; n++)
            for (long f = 0; f < s.Filters; f++)
                for (long c = 0; c < s.Channels; c++)
                    for (long ky = 0; ky < s.Y.Kernel; ky++)
                        for (long kx = 0; kx < s.X.Kernel; kx++)
                            for (long oy = 0; oy < s.Y.Output; oy++)
                                for (long ox = 0; ox < s.X.Output; ox++)
                                {
                                    long iy = oy * s.Y.Stride - s.Y.Padding + ky * s.Y.Dilation,
                                        ix = ox * s.X.Stride - s.X.Padding + kx * s.X.Dilation;
                                    if (iy < 0 || iy >= s.Y.Input || ix < 0 || ix >= s.X.Input) continue;
                                    product(
                                        ((n * s.Channels + c) * s.Y.Input + iy) * s.X.Input + ix,
                                        (((n % s.Groups * s.Filters + f) * s.Channels + c) * s.Y.Kernel + ky) * s.X.Kernel + kx,
                                        ((n * s.Filters + f) * s.Y.Output + oy) * s.X.Output + ox);
                                }
    }

    static void ShouldBeClose(ReadOnlySpan<double> actual, double[] expected)
    {
        for (int i = 0; i < expected.Length; i++)
            actual[i].ShouldBe(expected[i], 1e-11);
    }

    sealed class Data : IDisposable
    {
        public Data(ConvolutionShape s)
        {
            X = Random(s.Batch * s.Groups * s.InputSize);
            W = Random(s.Groups * s.Filters * s.PatchSize);
            Y = Random(s.Batch * s.Groups * s.Filters * s.OutputPlane);
            Bias = Random(s.Groups * s.Filters);
        }

        public GuardedBuffer<double> X { get; }

        public GuardedBuffer<double> W { get; }

        public GuardedBuffer<double> Y { get; }

        public GuardedBuffer<double> Bias { get; }

        public void Dispose()
        {
            X.Dispose();
            W.Dispose();
            Y.Dispose();
            Bias.Dispose();
        }

        static GuardedBuffer<double> Random(long length)
        {
            var random = new Random((int)length);
            var buffer = new GuardedBuffer<double>((int)length, atStart: random.Next(2) == 0);
            foreach (ref double x in buffer.Span)
                x = random.NextDouble() * 2 - 1;
            return buffer;
        }
    }
}
