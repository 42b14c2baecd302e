using MiniTorch.Kernels;

namespace MiniTorch.Tests.Kernels;

/// <summary>The fused attention against the composition that defines it, where blocks of queries, masks and heads' places in memory matter.</summary>
public sealed class AttentionTests
{
    // Leading sizes, queries, keys, size of a key, size of a value.
    static readonly (int[] Leading, int Queries, int Keys, int Width, int ValueWidth)[] Sizes =
        [([], 1, 1, 1, 1), ([], 3, 5, 2, 4), ([2, 3], 31, 33, 8, 8), ([2], 70, 100, 17, 5), ([1, 2], 130, 64, 16, 20), ([3], 65, 0, 4, 4), ([0], 4, 4, 4, 4), ([2], 0, 3, 2, 2)];

    static readonly string[] Masks = ["none", "causal", "hiding", "added"];

    [Test]
    public void Values_and_gradients_are_those_of_the_definition(
        [Range(0, 7)] int size, [ValueSource(nameof(Masks))] string mask, [Values(DType.Float32, DType.Float64)] DType dtype, [Values] bool headsAreSplit)
    {
        Tensor[] fused = Results(size, mask, dtype, headsAreSplit);
        using ModeScope off = Fusion.Off();
        Tensor[] defined = Results(size, mask, dtype, headsAreSplit);
        double tolerance = dtype == DType.Float32 ? 2e-5 : 1e-12;
        for (int i = 0; i < fused.Length; i++)
            fused[i].AllClose(defined[i], tolerance, tolerance).ShouldBeTrue($"result {i}");
    }

    [Test]
    public void A_query_that_sees_nothing_gets_NaN_as_by_the_definition()
    {
        Tensor x = Tensor.Randn([2, 4, 3], new Generator(1)), mask = Tensor.Ones([4, 4], DType.Bool).Tril(-1);
        Tensor fused = x.ScaledDotProductAttention(x, x, mask);
        fused.Select(1, 0).IsNaN().All().Item<bool>().ShouldBeTrue();
        fused.Slice(1, 1).IsNaN().Any().Item<bool>().ShouldBeFalse();
    }

    [Test]
    public void Heads_that_were_split_are_joined_without_a_copy()
    {
        Tensor x = Tensor.Randn([2, 5, 12], new Generator(1)), heads = x.View(2, 5, 3, 4).Transpose(1, 2);
        Tensor mixed = heads.ScaledDotProductAttention(heads, heads).Transpose(1, 2);
        mixed.IsContiguous.ShouldBeTrue();
    }

    [Test, NonParallelizable]
    public void The_number_of_threads_does_not_change_a_bit([Range(0, 4)] int size, [ValueSource(nameof(Masks))] string mask)
    {
        int count = Workers.Count;
        try
        {
            Workers.Count = 1;
            Tensor[] one = Results(size, mask, DType.Float32, headsAreSplit: true);
            Workers.Count = 3;
            Tensor[] three = Results(size, mask, DType.Float32, headsAreSplit: true);
            for (int i = 0; i < one.Length; i++) three[i].ToArray<float>().ShouldBe(one[i].ToArray<float>());
        }
        finally
        {
            Workers.Count = count;
        }
    }

    /// <summary>The output and the gradients of query, key and value.</summary>
    static Tensor[] Results(int number, string mask, DType dtype, bool headsAreSplit)
    {
        var size = Sizes[number];
        var random = new Generator(number);
        Tensor q = Made(size.Queries, size.Width), k = Made(size.Keys, size.Width), v = Made(size.Keys, size.ValueWidth);
        Tensor seen = Tensor.Rand([size.Queries, size.Keys], random) > 0.3;
        if (size.Keys > 0) seen = seen.LogicalOr(Tensor.Arange(size.Keys).Eq(0));
        Tensor? attnMask = mask == "hiding" ? seen : mask == "added" ? Tensor.Randn([size.Queries, size.Keys], random, dtype) : null;
        Tensor y = q.ScaledDotProductAttention(k, v, attnMask, isCausal: mask == "causal", scale: 0.4);
        Tensor g = Tensor.Randn([.. y.Shape], random, dtype);
        return [y, .. MiniTorch.Autograd.Grad(y, [q, k, v], g)];

        // Split heads lie in memory behind each other in every row, as a view of one product.
        Tensor Made(int rows, int width)
        {
            Tensor x = !headsAreSplit || size.Leading.Length == 0
                ? Tensor.Randn([.. size.Leading, rows, width], random, dtype)
                : Tensor.Randn([.. size.Leading[..^1], rows, size.Leading[^1], width], random, dtype).Transpose(-3, -2);
            x.RequiresGrad = true;
            return x;
        }
    }
}
