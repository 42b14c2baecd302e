namespace MiniTorch.Tests;

/// <summary>The table of operations: a row is a function with its sample inputs, and <see cref="OpTests"/> makes every check of every row.</summary>
/// <remarks>
/// <para>To add an op, add one line to the file that is named as its file in Ops/:</para>
/// <code>
/// Pointwise("Exp", x => x.Exp(), Reals)                         // element-wise: shapes (0-d, zero-size, broadcast), a large input and Int64 inputs
/// are supplied Pointwise("Pow", (a, b) => a.Pow(b), Positive, Reals)         // a domain for each input
/// Row("Sum(dim)", x => x.Sum(1), R(2, 3), R(3, 0))              // one input: each argument is a sample; R(sizes) are distinct reals,
/// Positive.Of(sizes) from a domain Row("MatMul", (a, b) => a.MatMul(b), [R(2, 3), R(3, 4)])      // several inputs: each list is a sample; a Tensor
/// (indices, a mask) stands for itself RowOfMany("Max(dim)", x => [...], [R(2, 3)])                  // any number of inputs and outputs
/// </code>
/// <para>and say what else is true of it: <c>.Large(…)</c> inputs that keep two threads busy; <c>.RowWise()</c> if each index of dimension 0 is
/// computed by itself; <c>.Constant(1)</c> for a real input without a gradient; <c>.NotDifferentiable()</c>; <c>.Integers()</c> if Int64 stays Int64;
/// <c>.RoundsByLayout()</c> if the order of its sums follows the strides; <c>.Torch("call", [expected], inputs)</c> for values that PyTorch 1.13.1
/// printed for that call; <c>.Misuse&lt;ShapeException&gt;("what", () => …, "the whole message")</c> for each way to misuse it.</para>
/// <para>Then write docs/reference/operations.md again: <c>UPDATE_DOCS=1 dotnet test --filter OpDocument</c>.</para>
/// <para>Sample inputs are distinct and keep away from integers and from each other, so that no derivative is taken at a kink.</para>
/// </remarks>
static partial class OpSamples
{
    /// <summary>Any real from −2 to 2.</summary>
    public static readonly Domain Reals = new(x => x);

    /// <summary>From 0.2 to 2.2.</summary>
    public static readonly Domain Positive = new(x => 1.2 + (x / 2));

    /// <summary>From 1.1 to 3.1.</summary>
    public static readonly Domain AboveOne = new(x => 2.1 + (x / 2));

    /// <summary>From −0.9 to 0.9.</summary>
    public static readonly Domain Unit = new(x => x * 0.44);

    /// <summary>From 0.05 to 0.95.</summary>
    public static readonly Domain Probability = new(x => 0.5 + (x * 0.22));

    /// <summary>Of either sign and at least 0.5 in magnitude.</summary>
    public static readonly Domain NonZero = new(x => x + (x < 0 ? -0.5 : 0.5));

    /// <summary>All rows, by file.</summary>
    public static IReadOnlyList<(string Group, OpRow[] Rows)> Groups { get; } =
    [
        ("Arithmetic", ArithmeticRows()), ("Elementary", ElementaryRows()), ("Activation", ActivationRows()), ("Comparison", ComparisonRows()),
            ("Selection", SelectionRows()),
        ("Copy", CopyRows()), ("Movement", MovementRows()), ("Reduce", ReduceRows()), ("Softmax", SoftmaxRows()), ("Index", IndexRows()),
            ("Linalg", LinalgRows()),
        ("Rearrange", RearrangeRows()), ("Scan", ScanRows()), ("Sort", SortRows()), ("Moments", MomentsRows()), ("Linear", LinearRows()),
            ("Convolution", ConvolutionRows()),
        ("Pooling", PoolingRows()), ("Interpolation", InterpolationRows()),
        ("Normalization", NormalizationRows()), ("Recurrent", RecurrentRows()), ("Factorization", FactorizationRows()),
    ];

    public static IEnumerable<OpRow> All => Groups.SelectMany(group => group.Rows);

    /// <summary>Distinct reals.</summary>
    static SampleInput R(params ReadOnlySpan<int> sizes) => Reals.Of(sizes);

    /// <summary>A Bool tensor with both values.</summary>
    static Tensor Mask(params int[] sizes)
    {
        Shape shape = sizes;
        return Tensor.From(Enumerable.Range(0, (int)shape.ElementCount).Select(i => i % 3 != 1).ToArray(), shape);
    }

    static Tensor Indices(params long[] places) => Tensor.From(places);

    static Tensor Indices(long[,] places) => Tensor.From(places);

    static OpRow Pointwise(string name, Func<Tensor, Tensor> function, Domain domain) =>
        new OpRow(name, x => [function(x[0])],
            Enumerable.Select<int[], SampleInput[]>([[2, 3], [], [0, 3], [5], [2, 1, 3]], sizes => [domain.Of(sizes)]))
        {
            IsPointwise = true,
        }.RowWise().Large(domain.Of(263, 1021));

    static OpRow Pointwise(string name, Func<Tensor, Tensor, Tensor> function, Domain a, Domain b) =>
        new OpRow(name, x => [function(x[0], x[1])],
        [
            [a.Of(2, 3), b.Of(2, 3)], [a.Of(), b.Of()], [a.Of(2, 3), b.Of()], [a.Of(3, 1), b.Of(1, 2)], [a.Of(3), b.Of(2, 1, 3)],
                [a.Of(0, 3), b.Of(1, 3)], [a.Of(2, 0), b.Of(2, 0)],
        ])
        {
            IsPointwise = true,
        }.RowWise().Large(a.Of(263, 1021), b.Of(263, 1021));

    static OpRow Row(string name, Func<Tensor, Tensor> function, params SampleInput[] samples) =>
        new(name, x => [function(x[0])], samples.Select(input => new[] { input }));

    static OpRow Row(string name, Func<Tensor, Tensor, Tensor> function, params SampleInput[][] samples) =>
        new(name, x => [function(x[0], x[1])], samples);

    static OpRow Row(string name, Func<Tensor, Tensor, Tensor, Tensor> function, params SampleInput[][] samples) =>
        new(name, x => [function(x[0], x[1], x[2])], samples);

    static OpRow RowOfMany(string name, Func<Tensor[], Tensor[]> function, params SampleInput[][] samples) => new(name, function, samples);
}

/// <summary>Where a function is defined and smooth: maps numbers from (−2.1, 2.1) into it.</summary>
public sealed record Domain(Func<double, double> Map)
{
    public SampleInput Of(params ReadOnlySpan<int> sizes) => new(Shape.Create(sizes), this, null);
}

/// <summary>An input of a sample: reals of a shape from a domain, or a tensor that stands for itself.</summary>
public sealed record SampleInput(Shape Shape, Domain? Domain, Tensor? Constant)
{
    public static implicit operator SampleInput(Tensor constant) => new(constant.Shape, null, constant);

    public bool IsReal => Domain is not null;

    /// <summary>
    /// The tensor: in Float64 equally spaced numbers in random order, shifted by the input's place so that two inputs share no value.
    /// </summary>
    public Tensor Make(int place)
    {
        if (Constant is not null) return Constant;
        int count = (int)Shape.ElementCount;
        int[] order = [.. Enumerable.Range(0, count)];
        new Random((count * 31) + place).Shuffle(order);
        return Tensor.From(order.Select(i => Domain!.Map(((i + 0.5) / count * 4) - 2 + 0.0137 + (0.031 * place))).ToArray(), Shape);
    }
}
