namespace MiniTorch.Tests;

/// <summary>Values that PyTorch printed for a call.</summary>
public sealed record TorchValues(string Call, double[] Expected, Tensor[] Inputs);

/// <summary>A wrong call and its error's message; one that ends with … is the message's beginning.</summary>
public sealed record Misuse(string What, Action Call, Type Error, string Message)
{
    public void ShouldBeAnswered()
    {
        string message = Should.Throw(Call, Error, What).Message;
        if (Message.EndsWith('…')) message.ShouldStartWith(Message[..^1], Case.Sensitive, What);
        else message.ShouldBe(Message, What);
    }
}

/// <summary>A row of the table; see <see cref="OpSamples"/>.</summary>
public sealed class OpRow(string name, Func<Tensor[], Tensor[]> function, IEnumerable<SampleInput[]> samples)
{
    readonly HashSet<int> _constants = [];
    SampleInput[]? _large;

    public string Name { get; } = name;

    public Func<Tensor[], Tensor[]> Function { get; } = function;

    public IReadOnlyList<SampleInput[]> Samples { get; } = [.. samples];

    public List<TorchValues> References { get; } = [];

    public List<Misuse> Misuses { get; } = [];

    /// <summary>Kernels and op records that the samples run without leaving them in a graph.</summary>
    public HashSet<string> CoveredKernels { get; } = [];

    public bool IsPointwise { get; init; }

    public bool IsDifferentiable { get; private set; } = true;

    public bool IsRowWise { get; private set; }

    public bool KeepsIntegers { get; private set; }

    public bool TakesAnyLayout { get; private set; } = true;

    /// <summary>Whether strides decide the order of its sums, and so its rounding.</summary>
    public bool IsRoundedByLayout { get; private set; }

    /// <summary>The largest distance to a numerical derivative, relative to the largest value.</summary>
    public double Tolerance { get; private set; } = 1e-8;

    /// <summary>The largest distance of Float32 results to Float64 ones, relative to the largest value.</summary>
    public double Float32Tolerance { get; private set; } = 2e-6;

    public bool HasLarge => _large is not null;

    public Tensor[] LargeInputs => Make(_large!);

    /// <summary>The element types that the checks use.</summary>
    public string DTypes => IsPointwise ? "Float32, Float64, Int64" : "Float32, Float64";

    public int DTypeCount => IsPointwise ? 3 : 2;

    public static Tensor[] Make(SampleInput[] sample) => [.. sample.Select((input, place) => input.Make(place))];

    /// <summary>The inputs that a gradient is asked for.</summary>
    public int[] Wanted(Tensor[] inputs) =>
        !IsDifferentiable ? [] : [.. Enumerable.Range(0, inputs.Length).Where(i => inputs[i].DType.IsFloat() && !_constants.Contains(i))];

    public OpRow Large(params SampleInput[] inputs) { _large = inputs; return this; }

    public OpRow RowWise() { IsRowWise = true; return this; }

    public OpRow Constant(params int[] inputs) { _constants.UnionWith(inputs); return this; }

    public OpRow NotDifferentiable() { IsDifferentiable = false; return this; }

    public OpRow Integers() { KeepsIntegers = true; return this; }

    public OpRow ContiguousOnly() { TakesAnyLayout = false; return this; }

    public OpRow RoundsByLayout() { IsRoundedByLayout = true; return this; }

    public OpRow Covers(params string[] kernels) { CoveredKernels.UnionWith(kernels); return this; }

    public OpRow Within(double derivative, double float32 = 2e-6) { (Tolerance, Float32Tolerance) = (derivative, float32); return this; }

    /// <summary>
    /// Values of PyTorch 1.13.1 for <paramref name="call"/>, row-major, of all outputs one after the other; NaN and infinities must match exactly.
    /// </summary>
    public OpRow Torch(string call, double[] expected,
        params Tensor[] inputs)
    { References.Add(new TorchValues(call, expected, inputs)); return this; }

    public OpRow Misuse<TError>(string what, Action call, string message) where TError : MiniTorchException
    {
        Misuses.Add(new Misuse(what, call, typeof(TError), message));
        return this;
    }

    public override string ToString() => Name;
}
