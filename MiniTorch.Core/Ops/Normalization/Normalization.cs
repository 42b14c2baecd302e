namespace MiniTorch.Ops;

/// <summary>Normalizations: standardize over some dimensions, then scale and shift.</summary>
internal static class Normalization
{
    public static Tensor Layer(Tensor x, Shape normalizedShape, Tensor? weight, Tensor? bias, double eps)
    {
        CheckNormalized("LayerNorm", x, normalizedShape, weight, bias);
        var op = new LayerNorm(eps, normalizedShape.Rank);
        if ((weight ?? bias) is not null)
            return op.Apply(x, weight ?? Tensor.Ones(normalizedShape, x.DType), bias ?? Tensor.Zeros(normalizedShape, x.DType));
        return !EngineMode.InterceptsCalls ? op.Apply(x) : new Standardize(LastDims(x, normalizedShape.Rank), eps).Apply(x);
    }

    public static Tensor RootMeanSquare(Tensor x, Shape normalizedShape, Tensor? weight, double? eps)
    {
        CheckNormalized("RmsNorm", x, normalizedShape, weight, null);
        double margin = eps ?? (x.DType == DType.Float64 ? double.BitIncrement(1) - 1 : float.BitIncrement(1) - 1);
        if (weight is not null && !EngineMode.InterceptsCalls) return new LayerNorm(margin, normalizedShape.Rank, Centers: false).Apply(x, weight);
        return Affine(new RootMeanSquareNorm(LastDims(x, normalizedShape.Rank), margin).Apply(x), weight, null);
    }

    public static Tensor Instance(Tensor x, Tensor? weight, Tensor? bias, double eps)
    {
        if (x.Rank < 3) throw new ShapeException($"InstanceNorm: shape {x.Shape} must have dimensions after the channels (dimension 1)");
        if (Shape.Create(x.Shape.Span[2..]).ElementCount == 1)
            throw new ShapeException($"InstanceNorm: shape {x.Shape} has only one value for each channel; it needs more to compute a variance");
        return Group(x, x.Shape[1], weight, bias, eps, "InstanceNorm");
    }

    public static Tensor Group(Tensor x, int numGroups, Tensor? weight, Tensor? bias, double eps, string op = "GroupNorm")
    {
        x.RequireFloat(op);
        if (x.Rank < 2 || numGroups < 1 || x.Shape[1] % numGroups != 0)
            throw new ShapeException($"{op}: the channels (dimension 1) of shape {x.Shape} must be divisible by {numGroups} groups");
        CheckChannels(op, x, weight, bias);
        long perGroup = x.ElementCount == 0 ? 0 : x.ElementCount / x.Shape[0] / numGroups;
        // One pass instead of one for each operation, unless the operations themselves are asked for.
        if (weight is not null && bias is not null && perGroup > 0 && !EngineMode.InterceptsCalls)
            return new GroupStandardize(numGroups, eps).ApplyAll(x, weight, bias)[0];
        Tensor y = new Standardize(0b100, eps).Apply(x.Reshape(x.Shape[0], numGroups, Shape.Size(perGroup, op))).Reshape(x.Shape);
        return Affine(y, weight?.Reshape(ForChannels(x, x.Shape[1])), bias?.Reshape(ForChannels(x, x.Shape[1])));
    }

    public static Tensor Batch(Tensor x, Tensor? runningMean, Tensor? runningVar, Tensor? weight, Tensor? bias, bool training, double momentum,
        double eps)
    {
        x.RequireFloat("BatchNorm");
        if (x.Rank < 2) throw new ShapeException($"BatchNorm: shape {x.Shape} must have a batch (dimension 0) and channels (dimension 1)");
        CheckChannels("BatchNorm", x, weight, bias);
        CheckChannels("BatchNorm", x, runningMean, runningVar);
        int[] channels = ForChannels(x, x.Shape[1]);
        // One pass instead of one for each operation, unless the operations themselves are asked for.
        bool isOneOp = !EngineMode.InterceptsCalls;
        Tensor y;
        if (training)
        {
            ulong dims = x.AllDims & ~2UL;
            long count = ReductionArguments.Count(x.Shape, dims);
            (Tensor Center, Tensor Scale)? known = null;
            if (count == 1)
                throw new ShapeException($"BatchNorm: shape {x.Shape} has only one value for each channel; "
                    + "training needs more to compute a variance");
            if (count > 0)
            {
                using ModeScope mode = Autograd.NoGrad();
                (Tensor mean, Tensor squares, Tensor? factor) = Moments.Of(x.Detach(), dims, Moments.Low(x.DType, eps));
                Move(runningMean, mean);
                Move(runningVar, Moments.Unscaled(squares / (double)(count - 1), factor));
                if (factor is null && isOneOp) known = (mean.Reshape(x.Shape[1]), (squares / (double)count + eps).Rsqrt().Reshape(x.Shape[1]));
            }
            if (known is var (center, scale)) return new BatchStandardize(eps).Apply(x, Weight(), Bias(), center, scale);
            y = new Standardize(dims, eps).Apply(x);
        }
        else
        {
            if (runningMean is null || runningVar is null)
                throw new ValueException("BatchNorm: runningMean and runningVar are required if training is false");
            if (isOneOp)
            {
                Tensor scale = (runningVar + eps).Rsqrt();
                return new ChannelAffine().Apply(x, runningMean, weight is null ? scale : scale * weight, Bias());
            }
            y = (x - runningMean.Reshape(channels)) * (runningVar.Reshape(channels) + eps).Rsqrt();
        }
        return Affine(y, weight?.Reshape(channels), bias?.Reshape(channels));

        Tensor Weight() => weight ?? Tensor.Ones([x.Shape[1]], x.DType);

        Tensor Bias() => bias ?? Tensor.Zeros([x.Shape[1]], x.DType);

        void Move(Tensor? running, Tensor batch)
        {
            if (!Autograd.IsRecomputing) running?.CopyInPlace(running * (1 - momentum) + batch.Reshape(x.Shape[1]) * momentum);
        }
    }

    /// <summary>The shape in which one number for each channel broadcasts to a tensor.</summary>
    public static int[] ForChannels(Tensor x, int channels) => x.Rank < 2 ? [channels] : [channels, .. Enumerable.Repeat(1, x.Rank - 2)];

    private static Tensor Affine(Tensor y, Tensor? weight, Tensor? bias)
    {
        if (weight is not null) y *= weight;
        return bias is null ? y : y + bias;
    }

    /// <summary>The last dimensions, as a bit mask.</summary>
    public static ulong LastDims(Tensor x, int count) => x.AllDims & ~((1UL << (x.Rank - count)) - 1);

    /// <summary>Throws unless a parameter is null or has the input's dtype.</summary>
    /// <exception cref="DTypeException">The dtypes differ.</exception>
    public static void CheckDType(string op, Tensor x, Tensor? parameter)
    {
        if (parameter is not null && parameter.DType != x.DType)
            throw new DTypeException($"{op}: the input is {x.DType} and a parameter, shape {parameter.Shape}, is {parameter.DType}; convert the "
                + "input with To, or the module with Module.To");
    }

    private static void CheckNormalized(string op, Tensor x, Shape normalized, Tensor? weight, Tensor? bias)
    {
        ArgumentNullException.ThrowIfNull(normalized);
        x.RequireFloat(op);
        Shape shape = x.Shape;
        if (normalized.Rank == 0 || normalized.Rank > shape.Rank || !shape.Span[^normalized.Rank..].SequenceEqual(normalized.Span))
            throw new ShapeException($"{op}: shape {shape} does not end with the normalized shape {normalized}");
        foreach (Tensor? parameter in (ReadOnlySpan<Tensor?>)[weight, bias])
            if (parameter is not null && parameter.Shape != normalized)
                throw new ShapeException($"{op}: weight and bias must have the normalized shape {normalized}; one has {parameter.Shape}");
        CheckDType(op, x, weight);
        CheckDType(op, x, bias);
    }

    private static void CheckChannels(string op, Tensor x, Tensor? a, Tensor? b)
    {
        foreach (Tensor? parameter in (ReadOnlySpan<Tensor?>)[a, b])
        {
            if (parameter is not null && (parameter.Rank != 1 || parameter.Shape[0] != x.Shape[1]))
                throw new ShapeException($"{op}: a tensor of shape {parameter.Shape} must be [{x.Shape[1]}], one number for each channel of shape "
                    + $"{x.Shape}");
            CheckDType(op, x, parameter);
        }
    }
}
