using System.Numerics;
using System.Runtime.InteropServices;
using MiniTorch.Kernels;

namespace MiniTorch.Tests.Kernels;

public sealed unsafe class MatMulTests
{
    static readonly long[] Rows = [0, 1, 2, 5, 8, 15];
    static readonly long[] Columns = [0, 1, 7, 16, 17, 33, 48, 50];
    static readonly long[] Depths = [0, 1, 2, 3, 4, 9, 19];

    delegate void Product<T>(long m, long n, long k, GuardedMatrix<T> a, GuardedMatrix<T> b, GuardedMatrix<T> c, bool accumulate)
        where T : unmanaged, IBinaryNumber<T>;

    [Test]
    public void Every_element_is_a_chain_of_multiply_adds_or_of_one_column_interleaved_ones_whatever_the_strides(
        [Values] MatrixLayout a, [Values] MatrixLayout b)
    {
        CheckAll<float>(Run, a, b, MathF.FusedMultiplyAdd);
        CheckAll<double>(Run, a, b, Math.FusedMultiplyAdd);
        CheckAll<long>(Run, a, b, (x, y, z) => unchecked(x * y + z));
    }

    [Test]
    public void Every_vector_width_gives_the_same_bits([Values(MatrixLayout.RowMajor, MatrixLayout.ColumnMajor)] MatrixLayout b)
    {
        CheckAll<float>(RunWith<float, V512<float>>, MatrixLayout.RowMajor, b, MathF.FusedMultiplyAdd);
        CheckAll<float>(RunWith<float, V256<float>>, MatrixLayout.RowMajor, b, MathF.FusedMultiplyAdd);
        CheckAll<float>(RunWith<float, V128<float>>, MatrixLayout.RowMajor, b, MathF.FusedMultiplyAdd);
        CheckAll<float>(RunWith<float, V1<float>>, MatrixLayout.RowMajor, b, MathF.FusedMultiplyAdd);
        CheckAll<double>(RunWith<double, V256<double>>, MatrixLayout.RowMajor, b, Math.FusedMultiplyAdd);
        CheckAll<double>(RunWith<double, V128<double>>, MatrixLayout.RowMajor, b, Math.FusedMultiplyAdd);
    }

    [Test]
    public void Large_products_that_pack_and_split_depth_keep_the_same_chain([Values] bool accumulate)
    {
        Check<float>(Run, 300, 530, 1100, MatrixLayout.RowMajor, MatrixLayout.RowMajor, accumulate, MathF.FusedMultiplyAdd);
        Check<float>(Run, 270, 70, 1030, MatrixLayout.ColumnMajor, MatrixLayout.ColumnMajor, accumulate, MathF.FusedMultiplyAdd);
        Check<float>(Run, 262, 2055, 259, MatrixLayout.ColumnMajor, MatrixLayout.RowMajor, accumulate, MathF.FusedMultiplyAdd);
        Check<float>(Run, 301, 270, 1027, MatrixLayout.Stepped, MatrixLayout.Stepped, accumulate, MathF.FusedMultiplyAdd);
        Check<float>(RunWith<float, V128<float>>, 259, 283, 1027, MatrixLayout.Padded, MatrixLayout.Padded, accumulate, MathF.FusedMultiplyAdd);
        Check<float>(RunWith<float, V512<float>>, 269, 331, 1031, MatrixLayout.RowMajor, MatrixLayout.RowMajor, accumulate, MathF.FusedMultiplyAdd);
        Check<double>(Run, 257, 261, 1025, MatrixLayout.RowMajor, MatrixLayout.ColumnMajor, accumulate, Math.FusedMultiplyAdd);
        Check<double>(Run, 262, 300, 1026, MatrixLayout.ColumnMajor, MatrixLayout.RowMajor, accumulate, Math.FusedMultiplyAdd);
        Check<long>(Run, 258, 261, 520, MatrixLayout.RowMajor, MatrixLayout.RowMajor, accumulate, (x, y, z) => unchecked(x * y + z));
    }

    [Test]
    public void The_product_is_within_the_error_bound_of_a_product_in_double()
    {
        var random = new Random(5);
        using var a = new GuardedMatrix<float>(37, 300, MatrixLayout.RowMajor, random);
        using var b = new GuardedMatrix<float>(300, 53, MatrixLayout.RowMajor, random);
        using var c = new GuardedMatrix<float>(37, 53, MatrixLayout.RowMajor, random);
        Run(37, 53, 300, a, b, c, false);
        for (long i = 0; i < 37; i++)
        {
            for (long j = 0; j < 53; j++)
            {
                double sum = 0, magnitude = 0;
                for (long p = 0; p < 300; p++)
                {
                    sum += (double)a[i, p] * b[p, j];
                    magnitude += Math.Abs((double)a[i, p] * b[p, j]);
                }

                Math.Abs(c[i, j] - sum).ShouldBeLessThanOrEqualTo(300 * magnitude * 6e-8);
            }
        }
    }

    [Test, NonParallelizable]
    public void The_number_of_threads_does_not_change_a_bit([Values] MatrixLayout layout, [Values(300, 1040)] int depth, [Values(140, 259)] int rows)
    {
        int count = Workers.Count;
        try
        {
            var random = new Random(11);
            using var a = new GuardedMatrix<float>(rows, depth, layout, random);
            using var b = new GuardedMatrix<float>(depth, 267, layout, random);
            using var one = new GuardedMatrix<float>(rows, 267, MatrixLayout.RowMajor, random);
            using var other = new GuardedMatrix<float>(rows, 267, MatrixLayout.RowMajor, random);
            Workers.Count = 1;
            Run(rows, 267, depth, a, b, one, false);
            foreach (int threads in (int[])[2, 3, 7])
            {
                Workers.Count = threads;
                other.Memory.Clear();
                Run(rows, 267, depth, a, b, other, false);
                other.Memory.SequenceEqual(one.Memory).ShouldBeTrue();
            }
        }
        finally
        {
            Workers.Count = count;
        }
    }

    [Test]
    public void A_batch_is_its_products_one_by_one_with_shared_and_permuted_operands(
        [Values(1, 3, 16)] int m, [Values(1, 5, 20, 64)] int n, [Values(1, 9)] int k, [Values] bool accumulate)
    {
        const long First = 3, Second = 4;
        var random = new Random(3);
        using var a = new GuardedMatrix<float>(First * Second * m, k, MatrixLayout.RowMajor, random);
        using var b = new GuardedMatrix<float>(Second * k, n, MatrixLayout.RowMajor, random);
        using var c = new GuardedMatrix<float>(First * Second * m, n, MatrixLayout.RowMajor, random);
        float[] expected = c.Memory.ToArray();
        fixed (float* e = expected)
        {
            for (long i = 0; i < First; i++)
            {
                for (long j = 0; j < Second; j++)
                {
                    float* aStart = a.Data + (j * First + i) * m * k, cStart = e + (i * Second + j) * m * n;
                    MatMulKernel.Run(m, n, k, aStart, k, 1, b.Data + j * k * n, n, 1, cStart, n, accumulate);
                }
            }
        }

        long[] aStrides = [m * k, First * m * k], bStrides = [0, k * n], cStrides = [Second * m * n, m * n];
        MatMulKernel.RunBatched([(int)First, (int)Second], aStrides, bStrides, cStrides, m, n, k, a.Data, k, 1, b.Data, n, 1, c.Data, n, accumulate);
        c.Memory.SequenceEqual(expected).ShouldBeTrue();
    }

    [Test]
    public void A_batch_that_shares_B_is_one_tall_product()
    {
        var random = new Random(4);
        using var a = new GuardedMatrix<double>(5 * 7, 6, MatrixLayout.RowMajor, random);
        using var b = new GuardedMatrix<double>(6, 10, MatrixLayout.RowMajor, random);
        using var batched = new GuardedMatrix<double>(5 * 7, 10, MatrixLayout.RowMajor, random);
        using var tall = new GuardedMatrix<double>(5 * 7, 10, MatrixLayout.RowMajor, random);
        MatMulKernel.RunBatched([5], [42], [0], [70], 7, 10, 6, a.Data, 6, 1, b.Data, 10, 1, batched.Data, 10, false);
        Run(35, 10, 6, a, b, tall, false);
        batched.Memory.SequenceEqual(tall.Memory).ShouldBeTrue();
    }

    [Test]
    public void A_product_that_starts_with_a_row_has_the_bits_of_one_accumulated_upon_copies_of_it(
        [Values(MatrixLayout.RowMajor, MatrixLayout.ColumnMajor, MatrixLayout.Stepped)] MatrixLayout layout)
    {
        foreach ((long m, long n) in new (long, long)[] { (2, 2), (3, 5), (2, 16), (8, 17), (9, 33), (15, 48), (70, 130), (300, 50) })
            foreach (long k in (long[])[0, 1, 3, 19, 70, 1100])
            {
                CheckRow<float>(m, n, k, layout);
                CheckRow<double>(m, n, k, layout);
                CheckRow<long>(m, n, k, layout);
            }
    }

    static void CheckRow<T>(long m, long n, long k, MatrixLayout layout)
        where T : unmanaged, IBinaryNumber<T>
    {
        MatMulKernel.CanStartWithRow(m, n, k).ShouldBeTrue();
        var random = new Random((int)(m * 10_000 + n * 100 + k));
        bool atStart = random.Next(2) == 0;
        using var a = new GuardedMatrix<T>(m, k, layout, random, atStart);
        using var b = new GuardedMatrix<T>(k, n, layout, random, atStart);
        using var row = new GuardedMatrix<T>(1, n, MatrixLayout.RowMajor, random, atStart);
        using var c = new GuardedMatrix<T>(m, n, MatrixLayout.Padded, random, atStart);
        row.Data[0] = typeof(T) == typeof(long) ? T.One : T.CreateTruncating(double.NaN);
        row.Data[1] = typeof(T) == typeof(long) ? T.One : T.CreateTruncating(-0.0);
        T[] before = c.Memory.ToArray();
        for (long i = 0; i < m; i++) row.Memory.CopyTo(c.Memory[(int)(i * c.Row)..]);
        Run(m, n, k, a, b, c, accumulate: true);
        T[] expected = c.Memory.ToArray();
        before.CopyTo(c.Memory);
        MatMulKernel.RunWithRow(m, n, k, a.Data, a.Row, a.Column, b.Data, b.Row, b.Column, row.Data, c.Data, c.Row);
        MemoryMarshal.AsBytes(c.Memory).SequenceEqual(MemoryMarshal.AsBytes<T>(expected))
            .ShouldBeTrue($"({m}, {k}) x ({k}, {n}), {layout}, {typeof(T).Name}");
    }

    [Test]
    public void An_empty_batch_touches_nothing() =>
        MatMulKernel.RunBatched<float>([2, 0], [1, 1], [1, 1], [1, 1], 4, 4, 4, null, 4, 1, null, 4, 1, null, 4, false);

    static void CheckAll<T>(Product<T> run, MatrixLayout aLayout, MatrixLayout bLayout, Func<T, T, T, T> multiplyAdd)
        where T : unmanaged, IBinaryNumber<T>
    {
        foreach (long m in Rows)
            foreach (long n in Columns)
                foreach (long k in Depths)
                    Check(run, m, n, k, aLayout, bLayout, (m + n + k) % 2 == 0, multiplyAdd);
    }

    static void Check<T>(
        Product<T> run, long m, long n, long k, MatrixLayout aLayout, MatrixLayout bLayout, bool accumulate, Func<T, T, T, T> multiplyAdd)
        where T : unmanaged, IBinaryNumber<T>
    {
        var random = new Random((int)(m * 10_000 + n * 100 + k));
        bool atStart = random.Next(2) == 0;
        using var a = new GuardedMatrix<T>(m, k, aLayout, random, atStart);
        using var b = new GuardedMatrix<T>(k, n, bLayout, random, atStart);
        using var c = new GuardedMatrix<T>(m, n, random.Next(2) == 0 ? MatrixLayout.RowMajor : MatrixLayout.Padded, random, atStart);
        T[] expected = c.Memory.ToArray();
        for (long i = 0; i < m; i++)
        {
            for (long j = 0; j < n; j++)
            {
                T sum = accumulate ? c[i, j] : T.Zero;
                if (n == 1) sum = accumulate ? sum + Interleaved(i, j) : Interleaved(i, j);
                for (long p = 0; n > 1 && p < k; p++)
                    sum = multiplyAdd(a[i, p], b[p, j], sum);
                expected[i * c.Row + j] = sum;
            }
        }

        // Lane l has the products l, l + lanes, …; then the halves are added until one is left.
        T Interleaved(long row, long column)
        {
            const int Part = 65_536;
            T total = T.Zero;
            for (long first = 0; first < k; first += Part)
            {
                var sums = new T[256 / sizeof(T)];
                for (long p = 0; p < Math.Min(Part, k - first); p++)
                    sums[p % sums.Length] = multiplyAdd(a[row, first + p], b[first + p, column], sums[p % sums.Length]);
                for (int half = sums.Length / 2; half > 0; half /= 2)
                    for (int lane = 0; lane < half; lane++) sums[lane] += sums[half + lane];
                total = first == 0 ? sums[0] : total + sums[0];
            }
            return total;
        }

        run(m, n, k, a, b, c, accumulate);
        if (!c.Memory.SequenceEqual(expected))
            Assert.Fail($"({m}, {k}) x ({k}, {n}), A {aLayout}, B {bLayout}, accumulate {accumulate}, {typeof(T).Name}");
    }

    [Test]
    public void A_long_product_with_one_column_is_the_sum_of_its_parts([Values(65_536, 65_537, 200_001)] int depth, [Values(1, 3, 70)] int rows)
    {
        foreach (MatrixLayout layout in (MatrixLayout[])[MatrixLayout.RowMajor, MatrixLayout.ColumnMajor, MatrixLayout.Stepped])
            Check<double>(Run, rows, 1, depth, layout, MatrixLayout.RowMajor, rows == 3, Math.FusedMultiplyAdd);
        Check<float>(Run, 1030, 1, 600 + rows, MatrixLayout.ColumnMajor, MatrixLayout.RowMajor, rows == 3, MathF.FusedMultiplyAdd);
    }

    [Test]
    public void Products_with_vectors_stay_inside_their_buffers_at_every_width([Values] MatrixLayout layout)
    {
        for (long size = 0; size <= 130; size++)
        {
            Check<float>(Run, 3, 1, size, layout, MatrixLayout.RowMajor, size % 2 == 0, MathF.FusedMultiplyAdd);
            Check<float>(Run, size, 1, 5, layout, MatrixLayout.Stepped, size % 2 == 0, MathF.FusedMultiplyAdd);
            Check<double>(Run, size, 1, 70, layout, MatrixLayout.RowMajor, size % 2 == 0, Math.FusedMultiplyAdd);
            Check<float>(RunWith<float, V256<float>>, 3, 1, size, layout, MatrixLayout.RowMajor, size % 2 == 0, MathF.FusedMultiplyAdd);
            Check<float>(RunWith<float, V1<float>>, size, 1, 67, layout, MatrixLayout.RowMajor, size % 2 == 0, MathF.FusedMultiplyAdd);
            if (size < 2) continue;
            Check<float>(RunWith<float, V512<float>>, 1, size, 19, layout, MatrixLayout.RowMajor, size % 2 == 0, MathF.FusedMultiplyAdd);
            Check<double>(RunWith<double, V256<double>>, 1, size, 9, layout, MatrixLayout.Padded, size % 2 == 0, Math.FusedMultiplyAdd);
            Check<float>(Run, 1, 250 + size, 17, layout, MatrixLayout.RowMajor, size % 2 == 0, MathF.FusedMultiplyAdd);
            Check<float>(Run, 1, size, 70, layout, MatrixLayout.ColumnMajor, size % 2 == 0, MathF.FusedMultiplyAdd);
            Check<float>(Run, 1, 33, size, layout, MatrixLayout.ColumnMajor, size % 2 == 0, MathF.FusedMultiplyAdd);
            Check<float>(Run, 3, size, 1, layout, MatrixLayout.RowMajor, false, MathF.FusedMultiplyAdd);
        }
    }

    static void Run<T>(long m, long n, long k, GuardedMatrix<T> a, GuardedMatrix<T> b, GuardedMatrix<T> c, bool accumulate)
        where T : unmanaged, IBinaryNumber<T> =>
        MatMulKernel.Run(m, n, k, a.Data, a.Row, a.Column, b.Data, b.Row, b.Column, c.Data, c.Row, accumulate);

    static void RunWith<T, V>(long m, long n, long k, GuardedMatrix<T> a, GuardedMatrix<T> b, GuardedMatrix<T> c, bool accumulate)
        where T : unmanaged, IBinaryNumber<T>
        where V : struct, IVector<V, T>
    {
        if (m == 0 || n == 0) return;
        var job = new MatMulJob<T>
        {
            Products = 1, M = m, N = n, K = k, A = a.Data, ARow = a.Row, ACol = a.Column, B = b.Data, BRow = b.Row, BCol = b.Column,
            C = c.Data, CRow = c.Row, Accumulate = accumulate,
        };
        if (n == 1) new MatVecJob<T> { Job = job }.Run<V>();
        else if (m == 1 && b.Column == 1) new VecMatJob<T> { Job = job }.Run<V>();
        else job.Run<V>();
    }
}
