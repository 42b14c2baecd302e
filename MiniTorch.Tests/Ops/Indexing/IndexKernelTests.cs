using MiniTorch.Kernels;

namespace MiniTorch.Tests.Kernels;

[TestFixture]
public unsafe class IndexKernelTests
{
    static readonly int[][] Shapes = [[5], [3, 4], [2, 3, 5], [2, 3, 1, 4], [4, 37], [0, 3]];
    readonly Random _random = new(1);

    static IEnumerable<TestCaseData> ShapesDimsAndLayouts() =>
        from shape in Shapes
        from dim in Enumerable.Range(0, shape.Length)
        from layout in Enum.GetValues<Layout>()
        select new TestCaseData(shape, dim, layout).SetArgDisplayNames(string.Join('x', shape), $"dim {dim}", layout.ToString());

    StridedArray<double> Reals(int[] dims, Layout layout) => new(dims, layout, () => _random.Next(-99, 99), double.NaN);

    StridedArray<long> Indices(int[] dims, Layout layout, int limit) => new(dims, layout, () => _random.Next(limit), long.MinValue);

    static int[] With(int[] position, int dim, long value)
    {
        int[] result = [.. position];
        result[dim] = (int)value;
        return result;
    }

    static long[] WithZero(long[] strides, int dim)
    {
        long[] result = [.. strides];
        result[dim] = 0;
        return result;
    }

    static IndexedLayout AlongDim(StridedArray<double> x, StridedArray<long> index, StridedArray<double> values, int dim) => new()
    {
        Dims = index.Dims,
        XStrides = WithZero(x.Strides, dim),
        IndexStrides = index.Strides,
        ValueStrides = values.Strides,
        Scale = x.Strides[dim],
        Limit = x.Dims[dim],
    };

    static IndexedLayout OfRows(StridedArray<double> x, StridedArray<long> index, StridedArray<double> values, int dim)
    {
        long[] indexStrides = new long[x.Dims.Length];
        indexStrides[dim] = index.Strides[0];
        return new()
        {
            Dims = values.Dims,
            XStrides = WithZero(x.Strides, dim),
            IndexStrides = indexStrides,
            ValueStrides = values.Strides,
            Scale = x.Strides[dim],
            Limit = x.Dims[dim],
        };
    }

    [TestCaseSource(nameof(ShapesDimsAndLayouts))]
    public void Gather_reads_x_at_the_index_along_the_dimension(int[] dims, int dim, Layout layout)
    {
        var x = Reals(With(dims, dim, 7), layout);
        var index = Indices(dims, layout, 7);
        var values = Reals(dims, Layout.Contiguous);
        IndexKernels.Gather(x.Pointer, index.Pointer, values.Pointer, AlongDim(x, index, values, dim), out _).ShouldBeTrue();
        foreach (int[] p in StridedArray<double>.Positions(dims)) values[p].ShouldBe(x[With(p, dim, index[p])]);
        values.SentinelsShouldBeIntact();
    }

    [TestCaseSource(nameof(ShapesDimsAndLayouts))]
    public void Scatter_and_scatter_add_visit_values_in_row_major_order(int[] dims, int dim, Layout layout)
    {
        Layout writable = layout == Layout.Expanded ? Layout.Stepped : layout;
        var values = Reals(dims, layout);
        var index = Indices(dims, layout, 3);
        var (x, sum) = (Reals(With(dims, dim, 3), writable), Reals(With(dims, dim, 3), writable));
        var expected = StridedArray<double>.Positions(x.Dims).ToDictionary(p => string.Join(',', p), p => (Written: x[p], Summed: sum[p]));
        foreach (int[] p in StridedArray<double>.Positions(dims))
        {
            string key = string.Join(',', With(p, dim, index[p]));
            expected[key] = (values[p], expected[key].Summed + values[p]);
        }

        IndexKernels.Scatter(x.Pointer, index.Pointer, values.Pointer, AlongDim(x, index, values, dim), out _).ShouldBeTrue();
        IndexKernels.ScatterAdd(sum.Pointer, index.Pointer, values.Pointer, AlongDim(sum, index, values, dim), out _).ShouldBeTrue();
        foreach (int[] p in StridedArray<double>.Positions(x.Dims)) (x[p], sum[p]).ShouldBe(expected[string.Join(',', p)]);
        x.SentinelsShouldBeIntact();
        sum.SentinelsShouldBeIntact();
    }

    [TestCaseSource(nameof(ShapesDimsAndLayouts))]
    public void Index_select_and_index_add_move_whole_rows(int[] dims, int dim, Layout layout)
    {
        int[] selected = With(dims, dim, 6);
        var x = Reals(dims, layout);
        int limit = Math.Max(dims[dim], 1);
        var index = Indices([dims[dim] == 0 ? 0 : 6], Layout.Stepped, limit);
        if (dims[dim] == 0) selected = dims;
        var values = Reals(selected, Layout.Stepped);
        IndexKernels.Gather(x.Pointer, index.Pointer, values.Pointer, OfRows(x, index, values, dim), out _).ShouldBeTrue();
        foreach (int[] p in StridedArray<double>.Positions(selected)) values[p].ShouldBe(x[With(p, dim, index[[p[dim]]])]);
        values.SentinelsShouldBeIntact();

        var sum = Reals(dims, layout == Layout.Expanded ? Layout.Contiguous : layout);
        var expected = StridedArray<double>.Positions(dims).ToDictionary(p => string.Join(',', p), p => sum[p]);
        foreach (int[] p in StridedArray<double>.Positions(selected)) expected[string.Join(',', With(p, dim, index[[p[dim]]]))] += values[p];
        IndexKernels.ScatterAdd(sum.Pointer, index.Pointer, values.Pointer, OfRows(sum, index, values, dim), out _).ShouldBeTrue();
        foreach (int[] p in StridedArray<double>.Positions(dims)) sum[p].ShouldBe(expected[string.Join(',', p)]);
        sum.SentinelsShouldBeIntact();
    }

    [TestCase(Layout.Contiguous, 7, 4L)]
    [TestCase(Layout.Stepped, -1, 4L)]
    [TestCase(Layout.Transposed, long.MaxValue, 4L)]
    [TestCase(Layout.Expanded, long.MinValue, 1L)]
    public void An_index_out_of_range_is_reported_by_position_and_value(Layout layout, long bad, long position)
    {
        var x = Reals([2, 7], Layout.Contiguous);
        var index = Indices([2, 3], layout, 7);
        index[[1, 1]] = bad;
        var values = new StridedArray<double>([2, 3], Layout.Contiguous, () => -1);
        IndexKernels.Gather(x.Pointer, index.Pointer, values.Pointer, AlongDim(x, index, values, 1), out IndexFault fault).ShouldBeFalse();
        fault.ShouldBe(new IndexFault(position, bad));
    }

    [Test]
    public void A_fault_in_an_index_of_rows_counts_positions_of_the_walk()
    {
        var x = Reals([4, 5], Layout.Contiguous);
        var index = Indices([3], Layout.Contiguous, 4);
        index[[2]] = 4;
        var values = Reals([3, 5], Layout.Contiguous);
        IndexKernels.Gather(x.Pointer, index.Pointer, values.Pointer, OfRows(x, index, values, 0), out IndexFault fault).ShouldBeFalse();
        fault.ShouldBe(new IndexFault(10, 4));
    }

    [TestCase(Layout.Contiguous)]
    [TestCase(Layout.Transposed)]
    [TestCase(Layout.Stepped)]
    public void Several_broadcast_index_tensors_read_and_write_as_one(Layout layout)
    {
        // x[:, i, j, :] with i of shape [4, 1] and j of shape [5]: result [2, 4, 5, 3]
        var x = Reals([2, 6, 7, 3], layout);
        var rows = new StridedArray<long>([4, 1], Layout.Contiguous, () => _random.Next(-6, 6));
        var columns = new StridedArray<long>([5], layout, () => _random.Next(-7, 7));
        long* offsets = stackalloc long[20];
        new Span<long>(offsets, 20).Clear();
        IndexOffsets.Add(offsets, rows.Pointer, [4, 5], [1, 0], 6, x.Strides[1], out _).ShouldBeTrue();
        IndexOffsets.Add(offsets, columns.Pointer, [4, 5], [0, columns.Strides[0]], 7, x.Strides[2], out _).ShouldBeTrue();
        var values = Reals([2, 4, 5, 3], Layout.Contiguous);
        var walk = new IndexedLayout
        {
            Dims = [2, 4, 5, 3],
            XStrides = [x.Strides[0], 0, 0, x.Strides[3]],
            IndexStrides = [0, 5, 1, 0],
            ValueStrides = values.Strides,
            Scale = 1,
            Limit = long.MaxValue,
        };
        IndexKernels.Gather(x.Pointer, offsets, values.Pointer, walk, out _).ShouldBeTrue();
        foreach (int[] p in StridedArray<double>.Positions(values.Dims))
        {
            int i = (int)(rows[[p[1], 0]] + 6) % 6, j = (int)(columns[[p[2]]] + 7) % 7;
            values[p].ShouldBe(x[[p[0], i, j, p[3]]]);
        }

        columns[[3]] = -8;
        IndexOffsets.Add(offsets, columns.Pointer, [4, 5], [0, columns.Strides[0]], 7, 1, out IndexFault fault).ShouldBeFalse();
        fault.ShouldBe(new IndexFault(3, -8));
    }

    [Test]
    public void Scattering_one_repeated_value_makes_one_hot_rows()
    {
        var x = new StridedArray<byte>([3, 4], Layout.Contiguous, () => 0);
        var index = new StridedArray<long>([3], Layout.Contiguous, () => 0);
        (index[[0]], index[[1]], index[[2]]) = (3, 0, 1);
        byte one = 1;
        var layout = new IndexedLayout { Dims = [3], XStrides = [4], IndexStrides = [1], ValueStrides = [0], Scale = 1, Limit = 4 };
        IndexKernels.Scatter(x.Pointer, index.Pointer, &one, layout, out _).ShouldBeTrue();
        x.Values.ShouldBe([0, 0, 0, 1, 1, 0, 0, 0, 0, 1, 0, 0]);
    }

    [TestCaseSource(nameof(ShapesDimsAndLayouts))]
    public void The_places_of_true_elements_come_in_row_major_order(int[] dims, int dim, Layout layout)
    {
        var mask = new StridedArray<byte>(dims, dim == 0 ? Layout.Contiguous : layout, () => (byte)_random.Next(2));
        int[][] chosen = [.. StridedArray<byte>.Positions(dims).Where(p => mask[p] != 0)];
        var coordinates = new StridedArray<long>([chosen.Length, dims.Length], Layout.Contiguous, () => -1);
        IndexMask.NonZero(mask.Pointer, coordinates.Pointer, chosen.Length, dims, mask.Strides).ShouldBe(chosen.Length);
        coordinates.Values.ShouldBe(chosen.SelectMany(p => p).Select(i => (long)i));
        coordinates.SentinelsShouldBeIntact();
    }

    /// <summary>As if another thread had written the index after it was checked.</summary>
    [Test]
    public void An_index_that_is_out_of_range_when_it_is_used_stops_the_walk([Values(-5L, 4L, 1L << 40, long.MinValue)] long bad, [Values] bool byRow)
    {
        var x = new StridedArray<float>([4, 3], Layout.Contiguous, () => 1, -99);
        var index = new StridedArray<long>([2], Layout.Contiguous, () => 0);
        (index.Pointer[0], index.Pointer[1]) = (1, bad);
        var values = new StridedArray<float>(byRow ? [2, 3] : [2], Layout.Contiguous, () => 7, -99);
        var layout = byRow
            ? new IndexedLayout { Dims = [2, 3], XStrides = [0, 1], IndexStrides = [1, 0], ValueStrides = [3, 1], Scale = 3, Limit = 4 }
            : new IndexedLayout { Dims = [2], XStrides = [0], IndexStrides = [1], ValueStrides = [1], Scale = 3, Limit = 4 };
        long* scratch = stackalloc long[IndexWalk.ScratchLength(2)];
        IndexWalk.Create(layout, scratch, out IndexWalk walk).ShouldBeTrue();
        walk.Run<float, Put>(x.Pointer, index.Pointer, values.Pointer, out IndexFault fault).ShouldBeFalse();
        fault.ShouldBe(new IndexFault(-1, bad));
        x.Values.Count(v => v == 7).ShouldBe(byRow ? 3 : 1);
        x.SentinelsShouldBeIntact();
    }

    [Test]
    public void True_elements_beyond_those_that_were_counted_are_not_written()
    {
        var mask = new StridedArray<byte>([5, 2], Layout.Contiguous, () => 1);
        var coordinates = new StridedArray<long>([3, 2], Layout.Contiguous, () => -1, -99);
        IndexMask.NonZero(mask.Pointer, coordinates.Pointer, 3, mask.Dims, mask.Strides).ShouldBe(10);
        coordinates.Values.ShouldBe([0, 0, 0, 1, 1, 0]);
        coordinates.SentinelsShouldBeIntact();
    }

    readonly struct Put : IMove<float>
    {
        public static bool IsRead => false;

        public static void One(float* x, float* value) => *x = *value;

        public static void Row(float* x, long xStride, float* values, long valueStride, long count)
        {
            for (long i = 0; i < count; i++) x[i * xStride] = values[i * valueStride];
        }
    }
}
