using PropertyAttribute = FsCheck.NUnit.PropertyAttribute;

namespace MiniTorch.Tests.Tensors;

/// <summary>
/// Views, broadcasting and reductions against naive index maps. FsCheck draws the bytes that decide; fewer and smaller bytes are simpler cases, so
/// failures shrink.
/// </summary>
[TestFixture]
public sealed class ShapeAlgebraProperties
{
    [Property(MaxTest = 500)]
    public void Any_chain_of_views_equals_the_naive_index_map(byte[] bytes)
    {
        var choices = new Choices(bytes);
        int[] shape = choices.Shape(4, 4);
        Naive map = Naive.Identity(shape);
        Tensor x = Tensor.From(map.Values.Select(i => (double)i).ToArray(), shape, requiresGrad: true), view = x;
        var steps = new List<string>();
        for (int step = choices.Below(6); step > 0 && map.Values.Length < 500; step--)
        {
            int dim = map.Shape.Length == 0 ? 0 : choices.Below(map.Shape.Length);
            switch (choices.Below(5))
            {
                case 0:
                    int[] order = choices.Permutation(map.Shape.Length);
                    (map, view) = (map.Permute(order), view.Permute(order));
                    steps.Add($"permute {string.Join(',', order)}");
                    break;
                case 1 when map.Shape.Length > 0:
                    (int start, int stop, int by) = (choices.Below(map.Shape[dim] + 1), choices.Below(map.Shape[dim] + 1), choices.Below(3) + 1);
                    (map, view) = (map.Slice(dim, start, stop, by), view.Slice(dim, start, stop, by));
                    steps.Add($"slice {dim}: {start} {stop} {by}");
                    break;
                case 2:
                    int[] wider = [.. Enumerable.Repeat(0, choices.Below(2)).Select(_ => choices.Below(3)),
                        .. map.Shape.Select(size => size == 1 ? choices.Below(4) : size)];
                    (map, view) = (map.Expand(wider), view.Expand(wider));
                    steps.Add($"expand {string.Join(',', wider)}");
                    break;
                case 3:
                    int[] other = choices.Factors(map.Values.Length);
                    (map, view) = (map with { Shape = other }, view.Reshape(other));
                    steps.Add($"reshape {string.Join(',', other)}");
                    break;
                default:
                    (map, view) = (map with { Shape = [.. map.Shape[..dim], 1, .. map.Shape[dim..]] }, view.Unsqueeze(dim));
                    steps.Add($"unsqueeze {dim}");
                    break;
            }
        }
        string what = $"[{string.Join(',', shape)}] {string.Join("; ", steps)}";
        view.Shape.ShouldBe(map.Shape, what);
        view.ToArray<double>().ShouldBe(map.Values.Select(i => (double)i), what);
        double[] weights = [.. map.Values.Select((_, i) => 1.0 + i)];
        (view * Tensor.From(weights, map.Shape)).Sum().Backward();
        x.Grad!.ToArray<double>().ShouldBe(Enumerable.Range(0, (int)x.ElementCount)
            .Select(i => map.Values.Zip(weights, (from, w) => from == i ? w : 0).Sum()), what);
    }

    [Property(MaxTest = 500)]
    public void Broadcasting_equals_naive_loops_or_is_refused(byte[] bytes)
    {
        var choices = new Choices(bytes);
        (int[] left, int[] right) = (choices.Shape(4, 3), choices.Shape(4, 3));
        Tensor a = Tensor.From(Naive.Identity(left).Values.Select(i => i + 1.0).ToArray(), left, requiresGrad: true),
            b = Tensor.From(Naive.Identity(right).Values.Select(i => i - 2.5).ToArray(), right, requiresGrad: true);
        int rank = Math.Max(left.Length, right.Length);
        int[] paddedLeft = [.. Enumerable.Repeat(1, rank - left.Length), .. left],
            paddedRight = [.. Enumerable.Repeat(1, rank - right.Length), .. right];
        if (paddedLeft.Zip(paddedRight).Any(pair => pair.First != pair.Second && pair.First != 1 && pair.Second != 1))
        {
            Should.Throw<ShapeException>(() => a * b);
            return;
        }
        int[] shape = [.. paddedLeft.Zip(paddedRight, (x, y) => x == 1 ? y : x)];
        int[] fromLeft = Naive.Identity(left).Expand(shape).Values, fromRight = Naive.Identity(right).Expand(shape).Values;
        Tensor product = a * b;
        product.Shape.ShouldBe(shape);
        product.ToArray<double>().ShouldBe(fromLeft.Zip(fromRight, (i, j) => (i + 1.0) * (j - 2.5)));
        product.Sum().Backward();
        a.Grad!.ToArray<double>().ShouldBe(Enumerable.Range(0, (int)a.ElementCount)
            .Select(i => fromLeft.Zip(fromRight).Where(pair => pair.First == i).Sum(pair => pair.Second - 2.5)));
        b.Grad!.ToArray<double>().ShouldBe(Enumerable.Range(0, (int)b.ElementCount)
            .Select(j => fromLeft.Zip(fromRight).Where(pair => pair.Second == j).Sum(pair => pair.First + 1.0)));
    }

    [Property(MaxTest = 500)]
    public void Reductions_equal_naive_loops(byte[] bytes, bool keepDim)
    {
        var choices = new Choices(bytes);
        int[] order = choices.Permutation(choices.Below(4)), sizes = [.. order.Select(_ => choices.Below(5))];
        Tensor x = Tensor.From(Enumerable.Range(0, sizes.Aggregate(1, (a, b) => a * b)).Select(i => (double)(i * 7 % 11)).ToArray(), sizes)
            .Permute(order);
        int[] shape = [.. x.Shape], dims = [.. Enumerable.Range(0, shape.Length).Where(_ => choices.Below(2) == 1)];
        if (dims.Length == 0) dims = [.. Enumerable.Range(0, shape.Length)];
        double[] values = x.ToArray<double>();
        int[] kept = [.. shape.Select((size, dim) => dims.Contains(dim) ? 1 : size)], result = keepDim ? kept
            : [.. shape.Where((_, dim) => !dims.Contains(dim))];
        int[] places = Naive.Identity(kept).Expand(shape).Values;
        double[][] groups = [.. Enumerable.Range(0, kept.Aggregate(1, (a, b) => a * b))
            .Select(place => values.Where((_, i) => places[i] == place).ToArray())];
        Tensor sum = x.Sum(dims, keepDim);
        sum.Shape.ShouldBe(result);
        sum.ToArray<double>().ShouldBe(groups.Select(group => group.Sum()));
        x.Mean(dims, keepDim).ToArray<double>().ShouldBe(groups.Select(group => group.Sum() / group.Length));
        if (dims.Any(dim => shape[dim] == 0))
        {
            Should.Throw<ShapeException>(() => x.Amax(dims, keepDim));
            return;
        }
        x.Amax(dims, keepDim).ToArray<double>().ShouldBe(groups.Select(group => group.Max()));
        x.Amin(dims, keepDim).ToArray<double>().ShouldBe(groups.Select(group => group.Min()));
    }

    /// <summary>Decisions read from bytes; 0 once they are used up.</summary>
    sealed class Choices(byte[] bytes)
    {
        int _next;

        public int Below(int limit) => limit <= 1 || _next >= bytes.Length ? 0 : bytes[_next++] % limit;

        public int[] Shape(int ranks, int sizes) => [.. Enumerable.Repeat(0, Below(ranks)).Select(_ => Below(sizes + 1))];

        public int[] Permutation(int count)
        {
            int[] order = [.. Enumerable.Range(0, count)];
            for (int i = count - 1; i > 0; i--)
            {
                int other = i - Below(i + 1);
                (order[i], order[other]) = (order[other], order[i]);
            }
            return order;
        }

        /// <summary>A shape of so many elements.</summary>
        public int[] Factors(int count)
        {
            if (count == 0) return [Below(3), 0];
            var sizes = new List<int>();
            for (int rest = count; rest > 1 || Below(3) == 1;)
            {
                int[] divisors = [.. Enumerable.Range(1, rest).Where(d => rest % d == 0)];
                int size = sizes.Count > 3 ? rest : divisors[^(1 + Below(divisors.Length))];
                sizes.Add(size);
                rest /= size;
                if (sizes.Count > 5) break;
            }
            return [.. sizes];
        }
    }

    /// <summary>For each element of a view, row-major, the place of the element of the first tensor that it is.</summary>
    sealed record Naive(int[] Shape, int[] Values)
    {
        public static Naive Identity(int[] shape) => new(shape, [.. Enumerable.Range(0, shape.Aggregate(1, (a, b) => a * b))]);

        public Naive Permute(int[] order) =>
            Build([.. order.Select(dim => Shape[dim])], at => [.. Enumerable.Range(0, order.Length).Select(dim => at[Array.IndexOf(order, dim)])]);

        public Naive Slice(int dim, int start, int stop, int step) =>
            Build([.. Shape.Select((size, d) => d == dim ? Math.Max(0, (stop - start + step - 1) / step) : size)],
                at => [.. at.Select((i, d) => d == dim ? start + (i * step) : i)]);

        public Naive Expand(int[] shape) =>
            Build(shape, at => [.. Shape.Select((size, d) => size == 1 ? 0 : at[d + shape.Length - Shape.Length])]);

        Naive Build(int[] shape, Func<int[], int[]> from) => new(shape, [.. Positions(shape).Select(at => Values[RowMajor(from(at))])]);

        int RowMajor(int[] at) => at.Select((i, d) => i * Shape[(d + 1)..].Aggregate(1, (a, b) => a * b)).Sum();

        static IEnumerable<int[]> Positions(int[] shape) =>
            shape.Aggregate((IEnumerable<int[]>)[[]],
                (heads, size) => heads.SelectMany(head => Enumerable.Range(0, size), (head, i) => (int[])[.. head, i]));
    }
}
