using MiniTorch.Kernels;

namespace MiniTorch.Tests.Kernels;

/// <summary>The fused attention against the composition that defines it, where blocks of queries, masks and heads' places in memory matter.</summary>
public sealed class AttentionTests
{
    // Leading sizes, queries, keys, size of a key, size of a value.
    static readonly (int[] Leading, int Queries, int Keys, int Width, int ValueWidth)[] Sizes =
        [([], 1, 1, 1, 1), ([], 3, 5, 2, 4), ([2, 3], 31, 33, 8, 8), ([2], 70, 100, 17, 5), ([1, 2], 130, 64, 16, 20), ([3], 65, 0, 4, 4),
            ([0], 4, 4, 4, 4), ([2], 0, 3, 2, 2)];

    static readonly string[] Masks = ["none", "causal", "hiding", "added"];

    [Test]
    public void Values_and_gradients_are_those_of_the_definition(
        [Range(0, 7)] int size, [ValueSource(nameof(Masks))] string mask, [Values(DType.Float32, DType.Float64)] DType dtype,
            [Values] bool headsAreSplit)
    {
        Tensor[] fused = Results(size, mask, dtype, headsAreSplit);
        using ModeScope off = Fusion.Off();
        Tensor[] defined = Results(size, mask, dtype, headsAreSplit);
        double tolerance = dtype == DType.Float32 ? 2e-5 : 1e-12;
        for (int i = 0; i < fused.Length; i++)
            fused[i].AllClose(defined[i], tolerance, tolerance).ShouldBeTrue($"result {i}");
    }

    static readonly string[] HidingMasks = ["Bool", "added", "variable"];

    // Key counts on both sides of every vector width: what a row's last vector holds must not matter.
    [Test]
    public void Queries_whose_keys_are_all_masked_give_zeros_and_leave_all_gradients_as_without_them(
        [ValueSource(nameof(HidingMasks))] string kind, [Values(DType.Float32, DType.Float64)] DType dtype, [Values] bool isFused)
    {
        double tolerance = dtype == DType.Float32 ? 2e-5 : 1e-12;
        using ModeScope? off = isFused ? null : Fusion.Off();
        for (int keys = 1; keys <= 40; keys++)
        {
            var random = new Generator(keys);
            int[] seeing = [1, 2, 4];
            Tensor q = Tensor.Randn([2, 5, 3], random, dtype);
            Tensor k = Tensor.Randn([2, keys, 3], random, dtype), v = Tensor.Randn([2, keys, 4], random, dtype);
            Tensor seen = (Tensor.Rand([5, keys], random) > 0.5).LogicalOr(Tensor.Arange(keys).Eq(keys / 2));
            seen = seen.LogicalAnd(Tensor.From(new[,] { { false }, { true }, { true }, { false }, { true } }));
            Tensor rows = Tensor.From(seeing.Select(i => (long)i).ToArray());
            Tensor[] all = Results(q, k, v, seen), some = Results(q.IndexSelect(1, rows), k, v, seen.IndexSelect(0, rows));
            foreach (Tensor ofQuery in (Tensor[])[all[0], all[1], all[4]])
                ofQuery.IndexSelect(1, Tensor.From(new long[] { 0, 3 })).ToArray<double>().ShouldAllBe(value => value == 0, $"{keys} keys");
            foreach (int i in (int[])[0, 1, 4]) all[i] = all[i].IndexSelect(1, rows);
            for (int i = 0; i < all.Length; i++) all[i].AllClose(some[i], tolerance, tolerance).ShouldBeTrue($"{keys} keys, result {i}");
        }

        // The output, its gradients, and their gradients, of query, key and value.
        Tensor[] Results(Tensor q, Tensor k, Tensor v, Tensor seen)
        {
            Tensor mask = kind == "Bool" ? seen : Tensor.Zeros(seen.Shape, dtype).MaskedFill(seen.LogicalNot(), double.NegativeInfinity);
            if (kind == "variable") mask.RequiresGrad = true;
            Tensor[] inputs = [.. new[] { q, k, v }.Select(x => x.Detach().Clone())];
            foreach (Tensor input in inputs) input.RequiresGrad = true;
            Tensor y = inputs[0].ScaledDotProductAttention(inputs[1], inputs[2], mask), loss = y.Square().Sum();
            Tensor[] plain = MiniTorch.Autograd.Grad(loss, inputs, retainGraph: true);
            Tensor[] once = MiniTorch.Autograd.Grad(loss, inputs, createGraph: true);
            for (int i = 0; i < 3; i++) plain[i].AllClose(once[i], tolerance, tolerance).ShouldBeTrue($"gradient {i} of {k.Shape[1]} keys");
            Tensor[] twice = MiniTorch.Autograd.Grad(once[0].Square().Sum() + once[1].Square().Sum() + once[2].Square().Sum(), inputs);
            return [y, .. plain, .. twice];
        }
    }

    [Test]
    public void Causal_attention_of_products_of_minus_infinity_is_that_of_the_definition([Range(1, 40)] int keys)
    {
        Tensor q = Tensor.Full([keys, 1], double.NegativeInfinity, DType.Float64), k = Tensor.Ones([keys, 1], DType.Float64);
        Tensor v = Tensor.Arange(keys, DType.Float64).Unsqueeze(1);
        double[] Of(bool isCausal) => q.ScaledDotProductAttention(k, v, isCausal: isCausal).ToArray<double>();
        double[] causal = Of(true), plain = Of(false);
        using ModeScope off = Fusion.Off();
        causal.ShouldBe(Of(true));
        plain.ShouldBe(Of(false));
    }

    [Test]
    public void Second_derivatives_beside_a_fully_masked_query_are_those_of_differences([Values] bool isBool)
    {
        Tensor x = Tensor.Randn([2, 4, 3], new Generator(1), DType.Float64), mask = Tensor.Ones([4, 4], DType.Bool).Tril(-1);
        if (!isBool) mask = Tensor.Zeros([4, 4], DType.Float64).MaskedFill(mask.LogicalNot(), double.NegativeInfinity);
        GradCheck.Run(q => q.ScaledDotProductAttention(q, q, mask), x, new GradCheckOptions { Order = 2 }).Verdict.ShouldBe(Verdict.Correct);
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

    static readonly (string Inputs, bool IsFused, Func<Tensor, Tensor, Tensor, Tensor> Call)[] Routes =
    [
        ("no mask", true, (q, k, v) => q.ScaledDotProductAttention(k, v)),
        ("leading sizes that broadcast", true, (q, k, v) => q.ScaledDotProductAttention(k[..1], v)),
        ("a Bool mask", true, (q, k, v) => q.ScaledDotProductAttention(k, v, Tensor.Ones([3, 4], DType.Bool))),
        ("an added mask", true, (q, k, v) => q.ScaledDotProductAttention(k, v, Tensor.Zeros([2, 1, 4]))),
        ("an added mask of another dtype", false, (q, k, v) => q.ScaledDotProductAttention(k, v, Tensor.Zeros([3, 4], DType.Int64))),
        ("a mask that is a variable", false, (q, k, v) => q.ScaledDotProductAttention(k, v, Tensor.Zeros([3, 4], requiresGrad: true))),
        ("a mask with more leading sizes", false, (q, k, v) => q.ScaledDotProductAttention(k, v, Tensor.Zeros([5, 1, 3, 4]))),
    ];

    [Test]
    public void Fused_kernel_is_used_for_every_case_that_it_supports()
    {
        Tensor q = Tensor.Randn([2, 3, 5], requiresGrad: true), k = Tensor.Randn([2, 4, 5]), v = Tensor.Randn([2, 4, 6]);
        foreach ((string inputs, bool isFused, Func<Tensor, Tensor, Tensor, Tensor> call) in Routes)
            (((OpNode)call(q, k, v).Node!).Op.Name == "ScaledDotProductAttention").ShouldBe(isFused, inputs);
    }

    static readonly (string Message, Func<Tensor> Call)[] Misfits =
    [
        ("MatMul: shapes [2, 5] and [6, 4] do not fit: 5 columns against 6 rows",
            () => Tensor.Ones([2, 5]).ScaledDotProductAttention(Tensor.Ones([4, 6]), Tensor.Ones([4, 6]))),
        ("MatMul: shapes [2, 4] and [3, 6] do not fit: 4 columns against 3 rows",
            () => Tensor.Ones([2, 5]).ScaledDotProductAttention(Tensor.Ones([4, 5]), Tensor.Ones([3, 6]))),
        ("MatMul: Float32 with Float64",
            () => Tensor.Ones([2, 5]).ScaledDotProductAttention(Tensor.Ones([4, 5], DType.Float64), Tensor.Ones([4, 6]))),
        ("MatMul: Float32 with Float64",
            () => Tensor.Ones([2, 5]).ScaledDotProductAttention(Tensor.Ones([4, 5]), Tensor.Ones([4, 6], DType.Float64))),
    ];

    [Test]
    public void Shapes_that_do_not_fit_are_named_by_the_matrix_product()
    {
        foreach ((string message, Func<Tensor> call) in Misfits)
            Should.Throw<MiniTorchException>(() => call()).Message.ShouldStartWith(message);
    }

    [Test]
    public void A_vector_of_values_is_multiplied_by_the_weights()
    {
        Tensor q = Tensor.Randn([2, 5]), k = Tensor.Randn([4, 5]), v = Tensor.Randn([4]);
        q.ScaledDotProductAttention(k, v).ToArray<float>()
            .ShouldBe(q.ScaledDotProductAttention(k, v.Unsqueeze(1)).Squeeze(1).ToArray<float>(), 1e-5f);
    }

    [Test]
    public void Shared_heads_give_the_bits_of_repeated_ones([Values("none", "causal", "a mask for all heads", "a mask for each head")] string mask)
    {
        var random = new Generator(5);
        Tensor q = Tensor.Randn([2, 6, 5, 4], random), k = Tensor.Randn([2, 3, 7, 4], random), v = Tensor.Randn([2, 3, 7, 8], random);
        Tensor? seen = mask.StartsWith('a') ? Tensor.Rand([mask.EndsWith("each head") ? 6 : 1, 5, 7], random) > 0.4 : null;
        Tensor[] shared = Results(k, v, true), repeated = Results(k.RepeatInterleave(2, 1), v.RepeatInterleave(2, 1), false);
        shared[0].ToArray<float>().ShouldBe(repeated[0].ToArray<float>());
        for (int i = 1; i < 4; i++)
        {
            Tensor summed = i == 1 ? repeated[i] : repeated[i].Unflatten(1, 3, 2).Sum(2);
            shared[i].AllClose(summed, 1e-5, 1e-5).ShouldBeTrue($"gradient {i}");
        }

        Tensor[] Results(Tensor keys, Tensor values, bool enableGqa)
        {
            Tensor[] inputs = [.. new[] { q, keys, values }.Select(x => x.Detach().Clone().RequireGrad())];
            Tensor y = inputs[0].ScaledDotProductAttention(inputs[1], inputs[2], seen, isCausal: mask == "causal", enableGqa: enableGqa);
            return [y, .. MiniTorch.Autograd.Grad(y.Square().Sum(), inputs)];
        }
    }

    [Test]
    public void Shared_heads_take_the_fused_kernel()
    {
        Tensor q = Tensor.Randn([4, 3, 5], requiresGrad: true), k = Tensor.Randn([2, 4, 5]);
        Node? node = q.ScaledDotProductAttention(k, k, enableGqa: true).Node;
        while (node is OpNode { Op.Name: not "ScaledDotProductAttention" } op) node = op[0].Node;
        (node as OpNode)?.Op.Name.ShouldBe("ScaledDotProductAttention");
        node.ShouldNotBeNull();
    }

    [Test]
    public void Dropped_weights_are_zeros_and_the_others_are_scaled()
    {
        // Queries of zeros weigh all keys equally, and values of a unit matrix show the weights.
        Tensor q = Tensor.Zeros([64, 2]), k = Tensor.Ones([32, 2]), weights = q.ScaledDotProductAttention(k, Tensor.Eye(32), dropoutP: 0.25,
            generator: new Generator(1));
        float[] all = weights.ToArray<float>();
        all.Where(weight => weight != 0).ShouldAllBe(weight => Math.Abs(weight - 1f / 32 / 0.75f) < 1e-7f);
        all.Count(weight => weight == 0).ShouldBeInRange(430, 594); // 512 ± 4 standard deviations
        q.ScaledDotProductAttention(k, Tensor.Eye(32), dropoutP: 1).ToArray<float>().ShouldAllBe(weight => weight == 0);
    }

    [Test]
    public void One_seed_drops_the_same_weights()
    {
        Tensor q = Tensor.Randn([3, 8, 4], new Generator(1));
        float[] Of(long seed) => q.ScaledDotProductAttention(q, q, dropoutP: 0.5, isCausal: true, generator: new Generator(seed)).ToArray<float>();
        Of(3).ShouldBe(Of(3));
        Of(3).ShouldNotBe(Of(4));
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
