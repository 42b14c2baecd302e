using MiniTorch.Kernels;
using MiniTorch.Nn;

namespace MiniTorch.Tests.Kernels;

/// <summary>Faster routes of copies, index operations and sums of losses against single elements and against the compositions.</summary>
[NonParallelizable]
public class CopyRouteTests
{
    static readonly int[] Sizes = [0, 1, 2, 7, 8, 9, 31, 33, 64, 130, 40_000];

    [Test]
    public void Copies_of_contiguous_reversed_and_repeated_rows_equal_single_elements([Values] DType dtype)
    {
        foreach (int size in Sizes)
        {
            Tensor x = Numbers([3, 2, size + 2], dtype);
            Tensor reversed = x.Flip(2).Narrow(2, 0, size).Transpose(0, 1), repeated = x.Narrow(2, 0, 1).Expand(3, 2, size);
            foreach (Tensor view in (Tensor[])[x.Narrow(2, 1, size), reversed, repeated])
                ShouldHold(view.Clone(), (i, j, k) => Element(view, i, j, k));
            ShouldHold(x.Flip(0, 2), (i, j, k) => Element(x, 2 - i, j, size + 1 - k));
            ShouldHold(x.Pad([2, 1, 1, 0]), (i, j, k) => j < 1 || k < 2 || k - 2 >= size + 2 ? 0 : Element(x, i, j - 1, k - 2));
        }

        static double Element(Tensor x, int i, int j, int k) => x[i, j, k].Item<double>();

        static void ShouldHold(Tensor actual, Func<int, int, int, double> expected)
        {
            Tensor values = actual.To(DType.Float64).Contiguous();
            double[] all = values.ToArray<double>();
            (int rows, int columns) = (actual.Shape[1], actual.Shape[2]);
            int step = Math.Max(1, all.Length / 500); // every element of small tensors
            for (int at = 0; at < all.Length; at += step)
                all[at].ShouldBe(expected(at / columns / rows, at / columns % rows, at % columns));
        }
    }

    [Test]
    public void Conversions_of_any_layout_equal_those_of_single_elements([Values] DType from, [Values] DType to)
    {
        Tensor special = Tensor.From(new[] { double.NaN, double.PositiveInfinity, double.NegativeInfinity, 1e30, -1e30, 0.5, -0.5 }).To(from);
        foreach (int size in (int[])[0, 1, 7, 8, 9, 17, 130, 300])
        {
            Tensor x = Tensor.Cat([Numbers([2 * size], from), special]);
            Tensor[] views = [x, x.Flip(0), x.Slice(0, step: 2), x.Narrow(0, 3, size), x.Narrow(0, 0, 2 * size).Reshape(2, size).T];
            foreach (Tensor view in views)
            {
                Tensor flat = view.Contiguous().Reshape(-1);
                string[] expected = [.. Enumerable.Range(0, (int)flat.ElementCount).Select(i => Text(flat.Narrow(0, i, 1).To(to)))];
                Tensor all = view.To(to).Reshape(-1);
                Enumerable.Range(0, (int)all.ElementCount).Select(i => Text(all.Narrow(0, i, 1))).ShouldBe(expected);
            }
        }

        static string Text(Tensor x) => x.DType == DType.Int64 ? $"{x.Item<long>()}" : $"{x.Item<double>():R}";
    }

    [Test]
    public void Large_results_that_bypass_the_caches_equal_those_of_parts([Values(DType.Float32, DType.Float64)] DType to)
    {
        const int Size = 3_300_001;
        Tensor x = Numbers([Size + 5], DType.Float32) / 7, row = Numbers([1001], DType.Float32);
        foreach (int start in (int[])[0, 5])
        {
            Tensor whole = x.Narrow(0, start, Size).To(to), sum = whole + 1;
            for (int first = 0; first < Size; first += 1_000_000)
            {
                int count = Math.Min(1_000_000, Size - first);
                Tensor part = x.Narrow(0, start + first, count).To(to);
                whole.Narrow(0, first, count).Eq(part).All().Item<bool>().ShouldBeTrue();
                sum.Narrow(0, first, count).Eq(part + 1).All().Item<bool>().ShouldBeTrue();
            }
        }
        Tensor table = x.Narrow(0, 0, 3200 * 1001).Reshape(3200, 1001), rows = table + row;
        for (int i = 0; i < 3200; i += 517) rows[i].ToArray<float>().ShouldBe((table[i] + row).ToArray<float>());
    }

    [Test]
    public void Operands_that_repeat_in_each_row_equal_written_out_ones([Values(1, 3)] int threads, [Values] DType dtype)
    {
        foreach (int size in (int[])[0, 1, 2, 15, 16, 17, 130, 300, 1024, 1500])
        {
            Tensor x = Numbers([3, 41, size], dtype), row = Numbers([size], dtype) + 1, plane = Numbers([3, 1, size], dtype);
            Tensor scalar = Numbers([1], dtype), wide = Numbers([3, 41, size + 3], dtype).Narrow(2, 2, size);
            foreach (Tensor operand in (Tensor[])[row, plane, row.Flip(0), plane.Narrow(0, 1, 1), scalar, plane.To(DType.Float64)])
                foreach (Tensor other in (Tensor[])[x, wide, x.Transpose(1, 2).Contiguous().Transpose(1, 2)])
                {
                    Tensor written = operand.Expand(other.Shape).Clone();
                    With(threads, () => other.To(DType.Float32) + operand).ToArray<double>().ShouldBe(
                        (other.To(DType.Float32) + written).ToArray<double>());
                    With(threads, () => Tensor.Where(other > 0, operand, other)).ToArray<double>().ShouldBe(
                        Tensor.Where(other > 0, written, other).ToArray<double>());
                }
            if (dtype == DType.Bool) continue;
            Tensor changed = x.Clone(), before = x + x[1, 2];
            changed.AddInPlace(changed[1, 2]);
            changed.ToArray<double>().ShouldBe(before.ToArray<double>());
        }
    }

    [Test]
    public void Gradient_of_products_with_zeros_equals_the_recorded_one([Values(DType.Float32, DType.Float64)] DType dtype, [Values(0, 1, 2)] int dim)
    {
        foreach (int size in (int[])[1, 2, 9, 40])
        {
            Tensor x = Numbers([size, 7, 17], dtype) / 300;
            x.RequiresGrad = true;
            Tensor mask = (Numbers([size, 7, 17], DType.Int64) % 11).Eq(0);
            Tensor plain = Gradient(false), recorded = Gradient(true);
            double[] expected = recorded.ToArray<double>();
            plain.ToArray<double>().Zip(expected).ShouldAllBe(pair =>
                Math.Abs(pair.First - pair.Second) <= (dtype == DType.Float32 ? 1e-5 : 1e-13) * Math.Max(1e-30, Math.Abs(pair.Second)));

            Tensor Gradient(bool isRecorded) => Autograd.Grad(x.MaskedFill(mask, 0).Prod(dim).Sin().Sum(), x, createGraph: isRecorded)[0];
        }
    }

    [Test]
    public void Copies_of_permuted_dimensions_equal_single_elements([Values] DType dtype)
    {
        foreach (int[] shape in (int[][])[[0, 3, 2], [2, 3, 1], [17, 2, 16], [3, 70, 130], [65, 16, 33], [2, 15, 200]])
        {
            Tensor x = Numbers(shape, dtype);
            foreach (int[] order in (int[][])[[2, 0, 1], [2, 1, 0], [0, 2, 1], [1, 0, 2], [1, 2, 0]])
                foreach (Tensor view in (Tensor[])[x.Permute(order), x.Flip(0).Permute(order), x[.., TensorIndex.Slice(step: 2)].Permute(order)])
                    ShouldEqual(view.Clone(), view);
            ShouldEqual(x[.., .., TensorIndex.Slice(step: 2)].Clone(), x[.., .., TensorIndex.Slice(step: 2)]);
            ShouldEqual(x[.., .., TensorIndex.Slice(step: 3)].Clone(), x[.., .., TensorIndex.Slice(step: 3)]);
        }

        // ToArray reads element by element where the layout is not row-major; a sum with zeros takes the general loop.
        static void ShouldEqual(Tensor copy, Tensor view)
        {
            if (view.ElementCount == 0) return;
            Tensor general = copy.DType == DType.Bool ? view.To(DType.Int64).To(DType.Bool) : view + Tensor.Zeros([], view.DType);
            copy.To(DType.Float64).ToArray<double>().ShouldBe(general.To(DType.Float64).ToArray<double>());
        }
    }

    [Test]
    public void Copies_written_past_the_caches_equal_the_others([Values(1, 3)] int threads)
    {
        int before = Workers.Count;
        try
        {
            Workers.Count = threads;
            Tensor x = Numbers([1801, 1777], DType.Float32), rows = Tensor.RandInt(0, 1801, [1801], new Generator(2));
            float[][] copies = [.. new[] { x.Clone(), x.Roll(5, 1), Tensor.Cat([x[..900], x[900..]], 0),
                Tensor.Cat([x[.., ..700], x[.., 700..]], 1), x[rows],
                Tensor.Zeros([1801, 1777]), Tensor.Arange(1801 * 1777).To(DType.Float32) }.Select(copy => copy.ToArray<float>())];
            float[] all = x.ToArray<float>();
            long[] at = rows.ToArray<long>();
            for (int i = 0; i < all.Length; i += 13)
            {
                (int r, int c) = (i / 1777, i % 1777);
                float[] expected = [all[i], all[r * 1777 + (c + 1772) % 1777], all[i], all[i], all[at[r] * 1777 + c], 0, i];
                for (int k = 0; k < copies.Length; k++)
                    if (copies[k][i] != expected[k]) Assert.Fail($"copy {k}, element {i}");
            }
        }
        finally
        {
            Workers.Count = before;
        }
    }

    [Test]
    public void Padding_rolling_and_windows_equal_their_compositions([Values(DType.Float32, DType.Float64)] DType dtype)
    {
        foreach (int[] shape in (int[][])[[2, 3, 5], [1, 9, 40], [4, 2, 131]])
            foreach (Func<Tensor, Tensor> operation in (Func<Tensor, Tensor>[])
                [x => x.Pad([2, 1, 1, 1], "reflect"), x => x.Pad([0, 3, 2, 0, 1, 4], "replicate"), x => x.Pad([5, 1, 0, 2], "circular"),
                    x => x.Roll(3, 2), x => x.Roll(-1, 1), x => x.Unfold(2, 4, 2), x => x.Unfold(2, 3, 1), x => x.Transpose(0, 2).Unfold(0, 5, 1)])
            {
                (double[] Values, double[] Gradient) direct = Run(operation), composed;
                using (Autograd.DetectAnomaly()) composed = Run(operation); // calls are followed, so the compositions run
                direct.Values.ShouldBe(composed.Values);
                direct.Gradient.ShouldBe(composed.Gradient, dtype == DType.Float32 ? 3e-4 : 1e-12); // up to 9 terms of a few hundred

                (double[], double[]) Run(Func<Tensor, Tensor> operation)
                {
                    Tensor leaf = (Numbers(shape, dtype) / 7).RequireGrad(), result = operation(leaf);
                    (result * (Numbers([.. result.Shape.Span], dtype) / 11)).Sum().Backward();
                    return (result.To(DType.Float64).ToArray<double>(), leaf.Grad!.To(DType.Float64).ToArray<double>());
                }
            }
    }

    [Test]
    public void Stack_along_any_dimension_equals_a_join_of_views_and_is_no_view([Values] DType dtype, [Values(1, 3)] int threads)
    {
        int before = Workers.Count;
        try
        {
            Workers.Count = threads;
            foreach (int[] shape in (int[][])[[], [0], [5], [2, 3], [0, 3], [4, 1, 131], [3, 300, 200]])
            {
                Tensor x = Numbers([.. shape, 2], dtype), strided = x.Select(-1, 1), flipped = x.Flip(-1).Select(-1, 0).Clone(),
                    repeated = x.Select(-1, 0).Sum().To(dtype).Expand(shape);
                for (int dim = -shape.Length - 1; dim <= shape.Length; dim++)
                {
                    Tensor stack = Tensor.Stack([strided, flipped, repeated], dim), joined;
                    using (Autograd.DetectAnomaly()) joined = Tensor.Stack([strided, flipped, repeated], dim); // calls are followed: joins views
                    stack.Shape.ShouldBe(joined.Shape);
                    stack.DType.ShouldBe(dtype);
                    stack.IsContiguous.ShouldBeTrue();
                    stack.Base.ShouldBeNull();
                    stack.To(DType.Float64).ToArray<double>().ShouldBe(joined.To(DType.Float64).ToArray<double>());
                }
            }
        }
        finally
        {
            Workers.Count = before;
        }
    }

    [Test]
    public void Stack_split_and_select_have_the_derivatives_of_their_compositions([Values(DType.Float32, DType.Float64)] DType dtype)
    {
        foreach (Func<Tensor, Tensor> operation in (Func<Tensor, Tensor>[])
            [x => Tensor.Stack([x, x.Sin(), x.Flip(0)], -1), x => Tensor.Stack([x.T, x.T * x.T], 1), x => x.Select(1, -1) * x.Select(0, 1).Sum(),
                x => x.Split([1, 0, 3], 1) is var parts ? parts[0] * parts[2] : x, x => x.Chunk(3, 0)[1], x => x.T.Split(3)[0].Sin()])
        {
            (double[] Value, double[] First, double[] Second) direct = Run(operation), composed;
            using (Autograd.DetectAnomaly()) composed = Run(operation);
            direct.Value.ShouldBe(composed.Value);
            direct.First.ShouldBe(composed.First, dtype == DType.Float32 ? 1e-5 : 1e-13);
            direct.Second.ShouldBe(composed.Second, dtype == DType.Float32 ? 1e-4 : 1e-12);
        }

        (double[], double[], double[]) Run(Func<Tensor, Tensor> operation)
        {
            Tensor leaf = (Numbers([3, 4], dtype) / 400).RequireGrad(), y = operation(leaf);
            Tensor first = Autograd.Grad((y * y * (y + 2)).Sum(), leaf, createGraph: true)[0], second = Autograd.Grad((first * first).Sum(), leaf)[0];
            return (Doubles(y), Doubles(first), Doubles(second));
        }

        static double[] Doubles(Tensor x) => x.To(DType.Float64).ToArray<double>();
    }

    [Test]
    public void Adaptive_max_pooling_equals_the_scan_of_each_window([Values(DType.Float32, DType.Float64)] DType dtype, [Values(0, 1, 2)] int kind)
    {
        foreach ((int height, int width, Pair output) in new (int, int, Pair)[] { (1, 1, 1), (7, 5, (3, 2)), (28, 33, 5), (9, 70, (2, 9)) })
        {
            Tensor x = Numbers([2, height, width], dtype) % 5; // with equal elements
            double[] all = x.To(DType.Float64).ToArray<double>();
            if (kind > 0)
                for (int i = 0; i < all.Length; i += 3) all[i] = kind == 1 ? double.NaN : double.NegativeInfinity;
            x = Tensor.From(all).Reshape(2, height, width).To(dtype).RequireGrad();
            Tensor y = x.AdaptiveMaxPool2d(output);
            y.Sum().Backward();
            var gradient = new double[all.Length];
            double[] values = y.To(DType.Float64).ToArray<double>();
            int at = 0;
            for (int plane = 0; plane < 2; plane++)
                for (int i = 0; i < output.Height; i++)
                    for (int j = 0; j < output.Width; j++, at++)
                    {
                        int top = i * height / output.Height, left = j * width / output.Width, best = (plane * height + top) * width + left;
                        for (int r = top; r < ((i + 1) * height + output.Height - 1) / output.Height; r++)
                            for (int c = left; c < ((j + 1) * width + output.Width - 1) / output.Width; c++)
                            {
                                int here = (plane * height + r) * width + c;
                                if (all[here] > all[best] || double.IsNaN(all[here])) best = here;
                            }
                        values[at].ShouldBe(all[best]);
                        gradient[best]++;
                    }
            x.Grad!.To(DType.Float64).ToArray<double>().ShouldBe(gradient);
            Tensor plain;
            using (Autograd.NoGrad()) plain = x.AdaptiveMaxPool2d(output);
            plain.To(DType.Float64).ToArray<double>().ShouldBe(values);
        }
    }

    [Test]
    public void Index_operations_give_the_same_bits_for_any_number_of_threads()
    {
        Tensor x = Numbers([70, 900], DType.Float32) / 3;
        foreach (int dim in (int[])[0, 1])
        {
            Tensor index = Tensor.RandInt(0, x.Shape[dim], [70, 900], new Generator(1)), rows = index.Select(1 - dim, 0);
            Func<Tensor>[] operations =
            [
                () => x.Gather(dim, index), () => x.ScatterAdd(dim, index, x), () => x.Scatter(dim, index, x * 2), () => x.IndexSelect(dim, rows),
                () => x.IndexAdd(dim, rows, x), () => x.T.Gather(1 - dim, index[..70, ..70]), () => Functional.MSELoss(x, x * x),
            ];
            foreach (Func<Tensor> operation in operations)
                With(1, operation).ToArray<float>().ShouldBe(With(3, operation).ToArray<float>());
        }
    }

    [Test]
    public void Losses_summed_in_one_pass_equal_the_composition([Values(DType.Float32, DType.Float64)] DType dtype, [Values] bool isOdd)
    {
        foreach (int size in (int[])[0, 1, 15, 17, 511, 512, 513, 1025, 40_000])
        {
            Tensor x = Numbers([size], dtype) / 7, target = Numbers([size], dtype).Sigmoid();
            if (isOdd && size > 0) x = x.IndexCopy(0, Tensor.From(new[] { size / 2L }), Tensor.Full([1], double.NaN, dtype));
            foreach (Func<Tensor, Tensor, Tensor> loss in (Func<Tensor, Tensor, Tensor>[])
                [(a, b) => Functional.MSELoss(a, b), (a, b) => Functional.L1Loss(a, b, Reduction.Sum), (a, b) => Functional.HuberLoss(a, b),
                    (a, b) => Functional.SmoothL1Loss(a, b), (a, b) => Functional.BinaryCrossEntropyWithLogits(a, b)])
            {
                (double Loss, double[] Gradient) fused = Run(loss);
                (double Loss, double[] Gradient) composed;
                using (Fusion.Off()) composed = Run(loss);
                double tolerance = dtype == DType.Float32 ? 1e-5 : 1e-13;
                if (double.IsNaN(composed.Loss)) fused.Loss.ShouldBe(double.NaN);
                else fused.Loss.ShouldBe(composed.Loss, tolerance * Math.Max(1, composed.Loss));
                fused.Gradient.ShouldBe(composed.Gradient);
            }

            (double, double[]) Run(Func<Tensor, Tensor, Tensor> loss)
            {
                Tensor leaf = x.Clone();
                leaf.RequiresGrad = true;
                Tensor value = loss(leaf, target);
                value.Backward();
                return (value.Item<double>(), leaf.Grad!.To(DType.Float64).ToArray<double>());
            }
        }
    }

    [Test]
    public void Counts_of_true_elements_equal_the_sum_of_integers()
    {
        foreach (int size in Sizes)
        {
            Tensor mask = Numbers([size], DType.Int64) % 3 > 0;
            long expected = mask.To(DType.Int64).Sum().Item<long>();
            mask.Sum().Item<long>().ShouldBe(expected);
            mask.Flip(0).Sum().Item<long>().ShouldBe(expected);
            mask.Any().Item<bool>().ShouldBe(expected > 0);
            mask.All().Item<bool>().ShouldBe(expected == size);
        }
    }

    static Tensor With(int threads, Func<Tensor> operation)
    {
        int before = Workers.Count;
        try
        {
            Workers.Count = threads;
            return operation();
        }
        finally
        {
            Workers.Count = before;
        }
    }

    static Tensor Numbers(int[] shape, DType dtype)
    {
        Tensor count = Tensor.Arange(Shape.Create(shape).ElementCount).Reshape(shape);
        return (count * 7919 % 1009 - 504).To(dtype);
    }
}
