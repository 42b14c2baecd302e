using System.Reflection;
using MiniTorch.Kernels;
using MiniTorch.Nn;
using MiniTorch.Ops;
using MiniTorch.Optim;

namespace MiniTorch.Tests.Kernels;

/// <summary>
/// Every kernel, through the operations that run it, on operands and results that end or begin at a page that may not be touched: one element too far
/// crashes the test run.
/// </summary>
[NonParallelizable]
public class GuardedMemoryTests
{
    const int LargestSize = 130;

    /// <summary>
    /// An operation at size n, whose operands are made by a given function, with their gradients; and the kernel classes that it runs.
    /// </summary>
    sealed record Guarded(string[] Kernels, Action<int, Func<int[], Tensor>> Run);

    static readonly Guarded[] Cases =
    [
        new(["ElementwiseKernel", "VectorLoop", "VectorMath"], (n, make) =>
        {
            Tensor a = make([n]), b = make([3, n]);
            Differentiate(a.Exp() * b + a.Tanh().Where(a > 0, b));
            a.Detach().AddInPlace(make([n]));
            Differentiate(make([9, n]) * a, make([2, 40, n]).Where(a > 0, a), make([70, n]) + make([70, 1]));
        }),
        new(["Strided", "Partial"], (n, make) =>
        {
            Tensor x = make([3, n]);
            foreach (DType from in Enum.GetValues<DType>())
                foreach (DType to in Enum.GetValues<DType>()) x.To(from).T.To(to);
            x.Detach().CopyInPlace(make([n]));
            foreach (DType type in Enum.GetValues<DType>()) x.To(type).Flip(1);
        }),
        new(["ClearKernel"], (n, make) => Differentiate(make([3, n])[..1], Tensor.Zeros([n % 65 == 0 ? (1 << 19) + n : n]) + make([1]))),
        new(["EdgePadKernel"], (n, make) =>
        {
            if (n == 0) return;
            Tensor x = make([3, n]);
            Differentiate(x.Pad([1, 2, 3, 0], "replicate"), x.Pad([Math.Min(n, 2), n, 1, 2], "circular"));
            if (n > 1) Differentiate(x.Pad([1, n - 1, 2, 1], "reflect"));
        }),
        new(["CopySquares`1"], (n, make) =>
        {
            foreach (DType type in Enum.GetValues<DType>()) make([n, 20]).To(type).T.Clone();
            Differentiate(make([3, n]).T.Clone(), make([n, 2, 17]).Permute(2, 0, 1).Clone(), make([2, n, 18]).Permute(2, 1, 0).Clone());
        }),
        new(["CopyRows"], (n, make) =>
        {
            Tensor x = make([3, n]);
            foreach (int step in (int[])[2, 3]) Differentiate(x[.., TensorIndex.Slice(step: step)].Clone());
            if (n > 3) Differentiate(x.Unfold(1, 4, 2), x.Unfold(1, 3, 1));
            Differentiate(x.Flip(1), x.Pad([1, 2, 1, 0]), x.Roll(1, 1), Tensor.Cat([x, x, make([3, 2])], 1), make([3, 1]).Expand(3, n).Clone(),
                make([2, 3, n]).Transpose(0, 1).Clone());
            foreach (int dim in (int[])[0, 1, 2]) Differentiate(Tensor.Stack([x, make([3, n]), x], dim));
            Differentiate([.. x.Split([1, 2]), .. x.Split(3, 1), x.Select(0, 2), make([n, 3]).Select(1, 2)]);
            foreach (DType type in Enum.GetValues<DType>()) x.To(type).Pad([1, 2, 1, 0]).Flip(0, 1);
        }),
        new(["FunctionSum"], (n, make) =>
            Differentiate(Functional.MSELoss(make([5, n]), make([5, n])), Functional.L1Loss(make([n]), make([n]), Reduction.Sum),
                Functional.MarginRankingLoss(make([5, n]), make([5, n]), make([5, n])), make([5, n]).PairwiseDistance(make([5, n])))),
        new(["RowProductsKernel"], (n, make) => Differentiate(make([5, n]).CosineSimilarity(make([5, n])))),
        new(["PickedKernel", "MultiMarginKernel"], (n, make) =>
        {
            if (n == 0) return;
            Tensor targets = Tensor.From(new long[] { 0, n - 1, n / 2, n - 1, n / 3 }), places = (Tensor.Arange(2 * n) % 3).Reshape(2, n);
            Differentiate(Functional.NLLLoss(make([5, n]), targets, make([n]).Detach()), Functional.NLLLoss(make([2, 3, n]), places),
                Functional.MultiMarginLoss(make([5, n]), targets, 1), Functional.MultiMarginLoss(make([5, n]), targets, 2));
        }),
        new(["CtcKernel"], (n, make) =>
            Differentiate(Functional.CTCLoss(make([n, 2, 3]), Tensor.From(new long[,] { { 1, 2 }, { 2, 2 } }), Tensor.Full([2], n), [2L, 1L]),
                Functional.CTCLoss(make([4, 1, 3]), Tensor.Ones([1, n], DType.Int64), Tensor.Full([1], 4), Tensor.Full([1], n)))),
        new(["ReduceKernel", "ReduceTree", "ColumnAccess", "ProductOfOthers"], (n, make) =>
        {
            Tensor x = make([5, n]);
            Differentiate(x.Sum(0), x.Sum(1), x.Sum(), x.T.Mean(1), x.Prod(1), make([2, 35, n]).Sum(1));
            Tensor zeros = x * (x > 0).To(x.DType);
            Differentiate(zeros.Prod(0), zeros.Prod(1), make([11, 2, n]).MaskedFill(make([11, 2, n]) > 0, 0).Prod(0));
            if (n > 0) Differentiate(x.Var(0), x.Var(1));
        }),
        new(["ReduceArg"], (n, make) =>
        {
            Tensor x = make([5, n]);
            if (n > 0) Differentiate(x.Max(0).Values, x.Max(1).Values, x.T.Min(0).Values, x.Amax(1));
        }),
        new(["SoftmaxKernel"], (n, make) =>
        {
            Tensor x = make([5, n]);
            Differentiate(x.Softmax(1), x.LogSoftmax(1), x.LogSumExp(1));
            Differentiate(x.Softmax(0), x.LogSoftmax(0), x.LogSumExp(0));
        }),
        new(["RowLoops", "FusedLoops"], (n, make) =>
        {
            if (n == 0) return;
            Tensor targets = Tensor.From(new long[] { 0, n - 1, n / 2, n - 1, n / 3 }).Unsqueeze(1);
            Differentiate(
                Fuse.Compile((x, y) => x - x.Amax(1, keepDim: true) is var z ? z.Exp() * y / z.Exp().Sum(1, keepDim: true) : x)(make([5, n]),
                    make([n])),
                Fuse.Compile(x => x.Exp().Sum(1, keepDim: true).Log() - (x * 2).Gather(1, targets))(make([5, n])),
                Fuse.Compile(x => x.Square() * (x > 0).To(x.DType).Mean(1, keepDim: true))(make([n, 5]).T),
                Fuse.Compile(x => x.Exp() * x)(make([5, n])));
        }),
        new(["LayerNormRows"], (n, make) =>
            Differentiate(make([5, n]).LayerNorm(new[] { n }, make([n]), make([n])), make([67, n]).LayerNorm(new[] { n }, make([n])),
                make([5, n]).RmsNorm(new[] { n }, make([n])), make([5, n]).LayerNorm(new[] { n }))),
        new(["StandardizeKernel"], (n, make) =>
        {
            Differentiate(make([5, n]).Normalize(), make([5, n]).Normalize(dim: 0), make([2, n, 21]).Normalize(), make([5, n]).RmsNorm(new[] { n }));
            Differentiate(make([5, n]).LayerNorm(new[] { n }));
            if (n > 0) Differentiate(make([5, n]).BatchNorm(null, null, training: true));
        }),
        new(["ChannelKernel"], (n, make) =>
        {
            Tensor mean = make([n]).Detach(), variance = make([n]).Detach().Square() + 1;
            foreach (int[] sizes in (int[][])[[5, n], [3, n, 2], [2, n, 21]])
            {
                Differentiate(make(sizes).BatchNorm(mean, variance, make([n]), make([n])));
                if (n > 0) Differentiate(make(sizes).BatchNorm(null, null, make([n]), make([n]), training: true));
            }
            Differentiate(make([2, 3, n]).BatchNorm(make([3]).Detach(), make([3]).Detach().Square(), make([3]), make([3])));
        }),
        new(["GroupKernel"], (n, make) =>
            Differentiate(make([2, 4, n]).GroupNorm(2, make([4]), make([4])), make([3, 2 * n]).GroupNorm(2, make([2 * n]), make([2 * n])))),
        new(["DistanceKernel"], (n, make) =>
            Differentiate(make([3, n]).Cdist(make([4, n])), make([n, 5]).Cdist(make([n, 5])), make([2, 2, 3]).Cdist(make([n, 3])))),
        new(["SoftmaxCrossEntropyKernel", "SoftmaxRow"], (n, make) =>
        {
            if (n == 0) return;
            Tensor x = make([5, n]), targets = Tensor.From(new long[] { 0, n - 1, n / 2, -100, n / 3 });
            Differentiate(Functional.CrossEntropy(x, targets), Functional.CrossEntropy(x, targets, reduction: Reduction.None, labelSmoothing: 0.1));
        }),
        new(["CrossEntropyColumns"], (n, make) =>
        {
            Tensor images = make([2, 3, n]), places = (Tensor.Arange(2 * n) % 3).Reshape(2, n);
            Differentiate(Functional.CrossEntropy(images, places),
                Functional.CrossEntropy(images, places, reduction: Reduction.None, labelSmoothing: 0.1));
        }),
        new(["AttentionKernel"], (n, make) =>
        {
            Tensor q = make([2, n, 5]), k = make([2, 7, 5]), v = make([2, 7, 3]);
            Differentiate(q.ScaledDotProductAttention(k, v, isCausal: true), k.ScaledDotProductAttention(q, q, make([7, n]).Detach()),
                k.ScaledDotProductAttention(q, q, make([7, n]) > 0));
            Differentiate(make([1, 3, n]).ScaledDotProductAttention(make([1, 3, n]), v[..1, ..3]));
        }),
        new(["RecurrentKernel", "MatMulShared"], (n, make) =>
        {
            foreach (CellKind cell in Enum.GetValues<CellKind>())
            {
                int gates = RecurrentShape.GatesOf(cell);
                foreach ((int rows, int features, int hidden) in new[] { (n, 3, 5), (2, n, 5), (2, 3, n) })
                {
                    Tensor[] states = cell == CellKind.Lstm ? [make([rows, hidden]), make([rows, hidden])] : [make([rows, hidden])];
                    Differentiate(RecurrentSweep.Of(cell, n % 2 == 0, make([2, rows, features]), make([gates * hidden, features]),
                        make([gates * hidden, hidden]), states, make([gates * hidden]), make([gates * hidden])));
                }
            }
        }),
        new(["IndexKernels", "IndexOffsets"], (n, make) =>
        {
            if (n == 0) return;
            Tensor x = make([5, n]), along = Tensor.From(new[] { n - 1, 0, n / 2 }.Select(i => (long)i).ToArray()), index = along.Expand([5, 3]);
            Differentiate(x.Gather(1, index), x.Scatter(1, index, make([5, 3])), x.ScatterAdd(1, index, make([5, 3])), x.IndexSelect(1, along),
                x[Tensor.From(new long[] { 4, 0, 2 }), along]);
        }),
        new(["IndexMask"], (n, make) =>
        {
            Tensor x = make([5, n]);
            Differentiate(x[x > 0], x.T[x.T > 0], x[0][x[0] > 0]);
            x.NonZero();
        }),
        new(["ScanKernel", "LinearScanKernel"], (n, make) =>
        {
            Tensor x = make([5, n]);
            foreach (int dim in (int[])[0, 1]) Differentiate(x.CumSum(dim), x.CumProd(dim), x.LogCumSumExp(dim));
        }),
        new(["SortKernel"], (n, make) =>
        {
            Tensor x = make([5, n]);
            foreach (int dim in (int[])[0, 1]) Differentiate(x.Sort(dim).Values, x.Sort(dim, descending: true).Values);
            if (n > 0) Differentiate(x.TopK((n + 1) / 2, 1).Values, x.KthValue((n + 1) / 2, 1).Values);
        }),
        new(["SearchSortedKernel"], (n, make) =>
        {
            Tensor sorted = make([5, n]).Sort(1).Values;
            sorted.SearchSorted(make([5, 3]));
            make([5, 3]).Sort(1).Values.SearchSorted(sorted, right: true);
        }),
        new(["MatMulKernel", "MatMulBlock", "MatMulPack", "MatMulTranspose"], (n, make) =>
        {
            if (n == LargestSize) Differentiate(make([259, 1030]).MatMul(make([1030, 261]))); // both operands are packed
            Differentiate(make([n, 1]).MatMul(make([1, n])));
            Differentiate(make([n, 7]).MatMul(make([7, n])), make([3, n]).MatMul(make([n, 3])), make([n, n]).MatMul(make([n])),
                make([2, n, 5]).MatMul(make([2, 5, n])));
        }),
        new(["FactorKernel", "QrKernel", "ReflectionKernel", "SymmetricEigenKernel", "SingularValuesKernel", "Rotation"], (n, make) =>
        {
            Tensor x = make([n, n]) + Tensor.Eye(n, dtype: make([0]).DType) * (n + 3);
            Differentiate(Linalg.Inv(x), Linalg.Solve(x, make([n, 2])), Linalg.Solve(x, make([n])), Linalg.SlogDet(x).LogAbsDet, Linalg.Cholesky(x),
                Linalg.QR(x).Q, Linalg.SVD(x).S, Linalg.SvdVals(make([n, 3])), Linalg.Eigh(x).Values);
        }),
        new(["ConvolutionKernel", "ShiftedConvolution", "DepthwiseConvolution", "Patches"], (n, make) =>
        {
            Differentiate(make([2, 4, 6, n + 2]).Conv2d(make([4, 1, 3, 3]), padding: 1, groups: 4),
                make([3, 3, 1, n + 5]).Conv2d(make([3, 1, 1, 5]), stride: 2, groups: 3), make([2, 3, 4, n + 3]).Conv2d(make([40, 3, 3, 3]), padding: 1),
                make([1, 20, 2, n + 1]).Conv2d(make([17, 20, 1, 1])), make([1, 2, 3, n + 1]).ConvTranspose2d(make([2, 3, 2, 2]), stride: 2));
            Differentiate(make([2, 9, 3, n + 2]).Conv2d(make([2, 9, 2, 2])));
            Differentiate(make([2, 2, 4, n + 1]).Conv2d(make([3, 2, 3, 2]), make([3]), padding: 1),
                make([1, 2, 5, n + 2]).Conv2d(make([2, 1, 2, 2]), stride: 2, groups: 2));
        }),
        new(["PoolingKernel", "MaxPoolPairs", "MaxPoolRows"], (n, make) =>
        {
            Tensor x = make([2, 1, 5, n + 2]);
            Differentiate(x.MaxPool2d(2), x.AvgPool2d(2), x.MaxPool2d(3, stride: 1, padding: 1), x.AvgPool2d(3, stride: 2, padding: 1));
        }),
        new(["UpdateKernel"], (n, make) =>
        {
            var parameter = new Parameter(make([n])) { Grad = make([n]).Detach() };
            new Adam([parameter]).Step();
            new SGD([parameter], lr: 0.1, momentum: 0.9).Step();
        }),
        new(["BoxMuller"], (n, make) =>
        {
            var random = new Generator(0);
            DType dtype = make([n]).DType;
            (Tensor.Randn([n], random, dtype), Tensor.Rand([n], random, dtype), Tensor.RandInt(0, 9, [n], random), Tensor.RandPerm(n, random))
                .ToString();
        }),
    ];

    static readonly (string Name, Func<int[], DType, Tensor> Make)[] Layouts =
    [
        ("contiguous", (sizes, dtype) => Numbers(sizes, dtype)),
        ("transposed", (sizes, dtype) => Numbers([.. sizes.Reverse()], dtype).Permute([.. Enumerable.Range(0, sizes.Length).Reverse()])),
        ("every third", (sizes, dtype) => Numbers([.. sizes[..^1], Math.Max(0, 3 * sizes[^1] - 2)], dtype)
            .Transpose(0, -1)[TensorIndex.Slice(0, null, 3)].Transpose(0, -1)),
    ];

    static IEnumerable<TestCaseData> All =>
        from guarded in Cases
        from layout in Layouts
        from dtype in (DType[])[DType.Float32, DType.Float64]
        select new TestCaseData(guarded.Run, layout.Make, dtype)
            .SetArgDisplayNames(string.Join(", ", guarded.Kernels), layout.Name, dtype.ToString());

    [TestCaseSource(nameof(All))]
    public void Kernels_stay_inside_their_buffers_at_every_size(object run, Func<int[], DType, Tensor> make, DType dtype)
    {
        var body = (Action<int, Func<int[], Tensor>>)run;
        body(3, sizes => make(sizes, dtype)); // what is kept for later calls must not lie in memory that will be gone
        foreach (bool atStart in (bool[])[false, true])
            for (int n = 0; n <= LargestSize; n++)
            {
                using IDisposable guarded = GuardedStorage.ForAllTensors(atStart);
                body(n, sizes =>
                {
                    Tensor x = make(sizes, dtype);
                    x.RequiresGrad = true;
                    return x;
                });
            }
    }

    [Test]
    public void Every_class_of_kernels_is_tested() =>
        KernelClasses.Except(Cases.SelectMany(guarded => guarded.Kernels)).ShouldBeEmpty("give each a case above, with an operation that runs it");

    [Test]
    public void A_guarded_page_is_really_protected()
    {
        if (!OperatingSystem.IsLinux()) Assert.Ignore("pages are protected on Linux only; elsewhere these tests check no borders");
        string map = File.ReadAllText("/proc/self/maps");
        using var buffer = new GuardedBuffer<byte>(10);
        unsafe
        {
            string end = $"{(long)buffer.Data + 10:x}";
            File.ReadLines("/proc/self/maps").ShouldContain(line => line.StartsWith(end + "-", StringComparison.Ordinal) && line.Contains("---p"));
            map.ShouldNotContain(end + "-");
        }
    }

    /// <summary>Static classes of kernels with a method that takes typed pointers.</summary>
    static IEnumerable<string> KernelClasses =>
        from type in typeof(Tensor).Assembly.GetTypes()
        where type.Namespace is "MiniTorch.Kernels" && type.IsAbstract && type.IsSealed
        where type.GetMethods(BindingFlags.Public | BindingFlags.Static | BindingFlags.DeclaredOnly)
            .Any(method => method.GetParameters().Any(p => p.ParameterType.IsPointer && p.ParameterType != typeof(void*)))
        select type.Name.Split('`')[0];

    static void Differentiate(params Tensor[] results)
    {
        foreach (Tensor y in results)
            if (y.RequiresGrad) y.Backward(Numbers([.. y.Shape], y.DType), retainGraph: true);
    }

    static Tensor Numbers(int[] sizes, DType dtype)
    {
        Shape shape = sizes;
        return Tensor.From(Enumerable.Range(0, (int)shape.ElementCount).Select(i => (i * 7919 % 1013 / 500.0) - 1).ToArray(), shape).To(dtype);
    }
}
