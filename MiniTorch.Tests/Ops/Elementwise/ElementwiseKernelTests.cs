using MiniTorch.Kernels;

namespace MiniTorch.Tests.Kernels;

/// <summary>The drivers against a naive loop, on memory whose neighbours may not be touched.</summary>
public unsafe class ElementwiseTests
{
    /// <summary>a + 2b, exact in every type for small integers; the derivatives read every operand.</summary>
    readonly struct AddTwice : IBinaryFunction
    {
        public R Forward<R>(R a, R b) where R : struct, IReal<R> => R.Fma(2, b, a);

        public R BackwardA<R>(R g, R a, R b, R y) where R : struct, IReal<R> => g + 3 * a + 5 * b + 7 * y;

        public R BackwardB<R>(R g, R a, R b, R y) where R : struct, IReal<R> => 2 * g;
    }

    readonly struct Less : IBinaryFunction
    {
        public R Forward<R>(R a, R b) where R : struct, IReal<R> => R.Where(R.Less(a, b), 1, 0);

        public R BackwardA<R>(R g, R a, R b, R y) where R : struct, IReal<R> => 0;

        public R BackwardB<R>(R g, R a, R b, R y) where R : struct, IReal<R> => 0;
    }

    readonly struct Select : ITernaryFunction
    {
        public R Forward<R>(R a, R b, R c) where R : struct, IReal<R> => R.Where(R.Equal(a, 0), c, b);

        public R BackwardA<R>(R g, R a, R b, R c, R y) where R : struct, IReal<R> => 0;

        public R BackwardB<R>(R g, R a, R b, R c, R y) where R : struct, IReal<R> => R.Where(R.Equal(a, 0), 0, g);

        public R BackwardC<R>(R g, R a, R b, R c, R y) where R : struct, IReal<R> => R.Where(R.Equal(a, 0), g, 0);
    }

    readonly struct Exponential : IUnaryFunction
    {
        public R Forward<R>(R x) where R : struct, IReal<R> => R.Exp(x);

        public R Backward<R>(R g, R x, R y) where R : struct, IReal<R> => g * y;
    }

    readonly struct Same : IUnaryFunction
    {
        public R Forward<R>(R x) where R : struct, IReal<R> => x;

        public R Backward<R>(R g, R x, R y) where R : struct, IReal<R> => g;
    }

    static readonly (string Name, int[] Sizes, long[] Output, long[] A, long[] B)[] Layouts =
    [
        ("scalar", [], [], [], []),
        ("ones", [1, 1], [1, 1], [9, 9], [0, 0]),
        ("empty", [3, 0, 2], [0, 2, 1], [0, 2, 1], [0, 0, 0]),
        ("row broadcast", [5, 37], [37, 1], [37, 1], [0, 1]),
        ("column broadcast", [5, 37], [37, 1], [37, 1], [1, 0]),
        ("outer product", [19, 23], [23, 1], [1, 0], [0, 1]),
        ("scalar broadcast", [4, 9], [9, 1], [9, 1], [0, 0]),
        ("transposed", [33, 18], [18, 1], [1, 33], [18, 1]),
        ("every third", [70], [1], [3], [1]),
        ("sliced rows", [6, 20], [20, 1], [31, 1], [25, 1]),
        ("output strided", [6, 20], [50, 2], [20, 1], [0, 1]),
        ("output transposed", [12, 17], [1, 12], [1, 12], [17, 1]),
        ("four dimensions", [3, 4, 1, 5, 2], [40, 10, 10, 2, 1], [1, 3, 0, 12, 60], [0, 2, 7, 0, 1]),
        ("long rows", [3, 700], [700, 1], [1, 3], [0, 1]),
        ("chunks", [5, 40000], [40000, 1], [40000, 1], [1, 0]),
        ("transposed chunks", [300, 301], [301, 1], [1, 300], [0, 1]),
    ];

    public static IEnumerable<TestCaseData> LayoutCases =>
        Layouts.Select(l => new TestCaseData(l.Sizes, l.Output, l.A, l.B).SetArgDisplayNames(l.Name));

    [TestCaseSource(nameof(LayoutCases))]
    public void Float_layouts_agree_with_a_naive_loop(int[] sizes, long[] output, long[] a, long[] b) => CheckLayout<float>(sizes, output, a, b);

    [TestCaseSource(nameof(LayoutCases))]
    public void Double_layouts_agree_with_a_naive_loop(int[] sizes, long[] output, long[] a, long[] b) => CheckLayout<double>(sizes, output, a, b);

    [TestCaseSource(nameof(LayoutCases))]
    public void Int64_layouts_agree_with_a_naive_loop(int[] sizes, long[] output, long[] a, long[] b) => CheckLayout<long>(sizes, output, a, b);

    static void CheckLayout<T>(int[] sizes, long[] outputStrides, long[] aStrides, long[] bStrides)
        where T : unmanaged, System.Numerics.IBinaryNumber<T>
    {
        using var output = new GuardedBuffer<T>(Extent(sizes, outputStrides));
        using var a = new GuardedBuffer<T>(Extent(sizes, aStrides));
        using var b = new GuardedBuffer<T>(Extent(sizes, bStrides), atStart: true);
        for (int i = 0; i < a.Length; i++) a.Span[i] = T.CreateTruncating(i % 1000);
        for (int i = 0; i < b.Length; i++) b.Span[i] = T.CreateTruncating(i % 777 * 3);
        T untouched = T.CreateTruncating(-1);
        output.Span.Fill(untouched);

        ElementwiseKernel.Run<BinaryForward<AddTwice>, T>(default, sizes, At(output.Data, outputStrides), At(a.Data, aStrides), At(b.Data, bStrides));

        T[] expected = Enumerable.Repeat(untouched, output.Length).ToArray();
        ForEach(sizes, index =>
            expected[Offset(index, outputStrides)] = a.Data[Offset(index, aStrides)] + b.Data[Offset(index, bStrides)]
                + b.Data[Offset(index, bStrides)]);
        output.Span.SequenceEqual(expected).ShouldBeTrue();
    }

    [Test]
    public void Every_length_stays_inside_its_buffers([Range(0, 130)] int length, [Values] bool atStart)
    {
        using var x = new GuardedBuffer<float>(length, atStart);
        using var third = new GuardedBuffer<double>((length * 3) - (length > 0 ? 2 : 0), atStart);
        using var y = new GuardedBuffer<float>(length, atStart);
        using var less = new GuardedBuffer<byte>(length, atStart);
        for (int i = 0; i < length; i++) (x.Span[i], third.Span[i * 3]) = (i - 60, 5);

        ElementwiseKernel.Run<UnaryForward<Exponential>, float>(default, [length], At(y.Data, [1]), At(x.Data, [1]));
        ElementwiseKernel.Run<BinaryForward<Less>, double>(default, [length], At(less.Data, [1]), At(x.Data, [1]), At(third.Data, [3]));

        for (int i = 0; i < length; i++)
        {
            y.Span[i].ShouldBe(MathF.Exp(i - 60), 1e-6 * MathF.Exp(i - 60));
            less.Span[i].ShouldBe(i - 60 < 5 ? (byte)1 : (byte)0);
        }
    }

    [Test]
    public void Bits_do_not_depend_on_how_data_is_sliced()
    {
        const int Length = 100;
        float* x = stackalloc float[Length], whole = stackalloc float[Length], part = stackalloc float[Length];
        for (int i = 0; i < Length; i++) x[i] = (i * 0.37f) - 20;
        ElementwiseKernel.Run<UnaryForward<Exponential>, float>(default, [Length], At(whole, [1]), At(x, [1]));
        for (int start = 0; start < 40; start++)
            for (int length = 1; length < 60; length++)
            {
                ElementwiseKernel.Run<UnaryForward<Exponential>, float>(default, [length], At(part, [1]), At(x + start, [1]));
                new Span<float>(part, length).SequenceEqual(new Span<float>(whole + start, length)).ShouldBeTrue();
            }
    }

    [Test]
    public void Outputs_too_large_for_the_cache_are_as_row_by_row([Values(15, 1000, 4099)] int columns, [Values(0, 3)] int gap, [Values] bool atStart)
    {
        int rows = ((32 << 20) / sizeof(float) / columns) + 1, pitch = columns + gap;
        using GuardedBuffer<float> a = new(((rows - 1) * columns) + columns, atStart), b = new(rows, atStart),
            y = new(((rows - 1) * pitch) + columns, atStart), row = new(columns);
        for (int i = 0; i < a.Length; i++) a.Data[i] = i % 1013;
        for (int i = 0; i < rows; i++) b.Data[i] = i % 17;
        ElementwiseKernel.Run<BinaryForward<AddTwice>,
            float>(default, [rows, columns], At(y.Data, [pitch, 1]), At(a.Data, [columns, 1]), At(b.Data, [1, 0]));
        for (int i = 0; i < rows; i += i < rows - 50 ? 41 : 1)
        {
            ElementwiseKernel.Run<BinaryForward<AddTwice>,
                float>(default, [columns], At(row.Data, [1]), At(a.Data + ((long)i * columns), [1]), At(b.Data + i, [0]));
            if (!row.Span.SequenceEqual(y.Span.Slice(i * pitch, columns))) Assert.Fail($"row {i}");
            if (i < rows - 1 && y.Span.Slice((i * pitch) + columns, gap).ContainsAnyExcept(0f)) Assert.Fail($"after row {i}");
        }
    }

    [Test]
    public void Outputs_too_large_for_the_cache_may_be_an_input([Values(0, 1, 7)] int offset, [Values] bool inPlace)
    {
        int count = (int)(ElementwiseKernel.StreamedBytes / sizeof(long)) + 37;
        using GuardedBuffer<long> a = new(count + offset), b = new(count), y = new(count + offset);
        for (int i = 0; i < count; i++) (a.Data[offset + i], b.Data[i]) = ((i % 1013) - 500, i % 17);
        long* output = (inPlace ? a : y).Data + offset;
        ElementwiseKernel.Run<BinaryForward<MiniTorch.Ops.Multiply>,
            long>(default, [count], At(output, [1]), At(a.Data + offset, [1]), At(b.Data, [1]));
        for (int i = 0; i < count; i++)
            if (output[i] != ((i % 1013) - 500) * (i % 17)) Assert.Fail($"product {i}");

        using GuardedBuffer<float> x = new((2 * count) + offset), z = new(2 * count);
        for (int i = 0; i < 2 * count; i++) (x.Data[offset + i], z.Data[i]) = (i % 1013, i % 17);
        ElementwiseKernel.Run<BinaryForward<AddTwice>,
            float>(default, [2 * count], At(x.Data + offset, [1]), At(x.Data + offset, [1]), At(z.Data, [1]));
        for (int i = 0; i < 2 * count; i++)
            if (x.Data[offset + i] != (i % 1013) + (2 * (i % 17))) Assert.Fail($"sum {i}");
    }

    [Test]
    public void Derivatives_read_missing_operands_as_zeros()
    {
        float* g = stackalloc float[3] { 1, 2, 3 }, b = stackalloc float[3] { 10, 20, 30 }, output = stackalloc float[3];
        ElementwiseKernel.Run<BinaryBackwardA<AddTwice>, float>(default, [3], At(output, [1]), At(g, [1]), default, At(b, [1]), default);
        new Span<float>(output, 3).ToArray().ShouldBe([51, 102, 153]);
        ElementwiseKernel.Run<BinaryBackwardA<AddTwice>, float>(default, [3], At(output, [1]), At(g, [1]), At(b, [1]), default, At(b, [1]));
        new Span<float>(output, 3).ToArray().ShouldBe([101, 202, 303]);
    }

    [Test]
    public void A_bool_operand_selects()
    {
        byte* mask = stackalloc byte[40];
        long* chosen = stackalloc long[40];
        long* results = stackalloc long[40];
        for (int i = 0; i < 40; i++) (mask[i], chosen[i]) = (i % 3 == 0 ? (byte)1 : (byte)0, i);
        long other = -5;
        ElementwiseKernel.Run<TernaryForward<Select>, long>(default, [40], At(results, [1]), At(mask, [1]), At(chosen, [1]), At(&other, [0]));
        for (int i = 0; i < 40; i++) results[i].ShouldBe(i % 3 == 0 ? i : -5);
        ElementwiseKernel.Run<TernaryBackwardC<Select>,
            long>(default, [40], At(results, [1]), At(chosen, [1]), At(mask, [1]), default, default, default);
        for (int i = 0; i < 40; i++) results[i].ShouldBe(i % 3 == 0 ? 0 : i);
    }

    [Test]
    public void Copies_convert_between_all_types([Range(0, 40)] int length, [Values(1, 2)] int stride)
    {
        CheckCopy<float, double>(length, stride, x => x);
        CheckCopy<float, long>(length, stride, x => (long)x);
        CheckCopy<float, byte>(length, stride, x => x != 0 ? (byte)1 : (byte)0);
        CheckCopy<double, float>(length, stride, x => (float)x);
        CheckCopy<double, double>(length, stride, x => x);
        CheckCopy<long, float>(length, stride, x => x);
        CheckCopy<long, byte>(length, stride, x => x != 0 ? (byte)1 : (byte)0);
        CheckCopy<byte, long>(length, stride, x => x);
        CheckCopy<byte, float>(length, stride, x => x);
        CheckCopy<byte, byte>(length, stride, x => x);
    }

    static void CheckCopy<S, T>(int length, int stride, Func<S, T> convert)
        where S : unmanaged, System.Numerics.INumber<S>
        where T : unmanaged
    {
        int extent = length == 0 ? 0 : 1 + ((length - 1) * stride);
        using var source = new GuardedBuffer<S>(extent);
        using var destination = new GuardedBuffer<T>(extent);
        for (int i = 0; i < extent; i++)
            source.Span[i] = typeof(S) == typeof(byte) ? S.CreateTruncating(i % 3 & 1) : S.CreateTruncating((i % 7 - 3) * 1.75);

        void Run<C>() where C : unmanaged, System.Numerics.IBinaryNumber<C> =>
            ElementwiseKernel.Run<UnaryForward<Same>, C>(default, [length], At(destination.Data, [stride]), At(source.Data, [stride]));

        if (typeof(S) == typeof(double) || typeof(T) == typeof(double)) Run<double>();
        else if (typeof(S) == typeof(float) || typeof(T) == typeof(float)) Run<float>();
        else Run<long>();

        for (int i = 0; i < extent; i++) destination.Span[i].ShouldBe(i % stride == 0 ? convert(source.Span[i]) : default);
    }

    [Test]
    public void Numbers_that_no_Int64_holds_become_its_smallest_value()
    {
        double* x = stackalloc double[7] { double.NaN, double.PositiveInfinity, double.NegativeInfinity, 9.3e18, -9.3e18, -2.7, 1e15 };
        long* y = stackalloc long[7];
        ElementwiseKernel.Run<UnaryForward<Same>, double>(default, [7], At(y, [1]), At(x, [1]));
        new Span<long>(y, 7).ToArray().ShouldBe(
            [long.MinValue, long.MinValue, long.MinValue, long.MinValue, long.MinValue, -2, 1_000_000_000_000_000]);
    }

    [Test]
    public void Clear_at_any_address_writes_its_range_only([Values(0, 1, 63)] int before, [Values(0, 1, 62, 64, 100)] int behind)
    {
        const int Streamed = 2 << 20, Room = 128;
        foreach (int size in (int[])[0, 1, 70, Streamed + behind])
        {
            byte[] memory = new byte[before + size + Room];
            memory.AsSpan().Fill(7);
            fixed (byte* first = memory)
            {
                long aligned = -(nint)first & 63;
                ClearKernel.Run(first + aligned + before, Math.Max(0, size - aligned));
                memory.AsSpan(0, (int)aligned + before).ContainsAnyExcept((byte)7).ShouldBeFalse();
                int written = (int)Math.Max(0, size - aligned), start = (int)aligned + before;
                memory.AsSpan(start, written).ContainsAnyExcept((byte)0).ShouldBeFalse();
                memory.AsSpan(start + written).ContainsAnyExcept((byte)7).ShouldBeFalse();
            }
        }
    }

    static Operand At<T>(T* data, ReadOnlySpan<long> strides)
        where T : unmanaged => new(data, typeof(T) == typeof(byte) ? DType.Bool : DTypes.Of<T>(), strides);

    static int Extent(int[] sizes, long[] strides) =>
        sizes.Contains(0) ? 0 : 1 + (int)sizes.Zip(strides, (size, stride) => (size - 1) * stride).Sum();

    static long Offset(int[] index, long[] strides) => index.Zip(strides, (i, stride) => i * stride).Sum();

    static void ForEach(int[] sizes, Action<int[]> visit)
    {
        var index = new int[sizes.Length];
        for (long left = sizes.Aggregate(1L, (n, size) => n * size); left > 0; left--)
        {
            visit(index);
            for (int d = sizes.Length - 1; d >= 0 && ++index[d] == sizes[d]; d--) index[d] = 0;
        }
    }
}
