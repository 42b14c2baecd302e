namespace MiniTorch.Tests.Fuzzing;

/// <summary>Arguments at random that a careless or hostile caller might pass: sizes of no tensor, numbers at the ends of their range, tensors of any shape, type and layout.</summary>
internal sealed class HostileArguments(int seed)
{
    private static readonly int[] s_sizes = [int.MinValue, int.MaxValue, int.MaxValue - 1, 1 << 30, 70_000, 1000, -7];
    private static readonly double[] s_reals = [double.NaN, double.PositiveInfinity, double.NegativeInfinity, double.MaxValue, -1e308, 1e-320, -0.0, 0];
    private static readonly string[] s_texts = ["", "unknown", "mean", "sum", "none", "constant", "reflect", "replicate", "circular", "tanh", "floor", "trunc", "reduced", "complete", "ij,jk->ik", "i,j->", "ii->i", "...i->i"];
    private static readonly int[][] s_shapes = [[], [0], [1], [3], [4], [2, 3], [3, 3], [2, 3, 4], [2, 0, 3], [1, 2, 5, 5], [2, 2, 3, 3, 2]];

    private readonly Random _random = new(seed);
    private Tensor? _last;

    public static bool CanMake(Type type) =>
        Boxed(type) is var boxed && (boxed.IsEnum || boxed == typeof(Tensor) || boxed == typeof(Tensor[]) || boxed == typeof(Shape) || boxed == typeof(int[]) || boxed == typeof(Scalar) || boxed == typeof(int)
            || boxed == typeof(long) || boxed == typeof(double) || boxed == typeof(bool) || boxed == typeof(string) || boxed == typeof(Generator) || boxed == typeof(Pair) || (Nullable.GetUnderlyingType(boxed) is { } inner && CanMake(inner)));

    /// <summary>The type that stands for one that cannot be boxed.</summary>
    public static Type Boxed(Type type) =>
        type.IsGenericType && type.GetGenericTypeDefinition() == typeof(ReadOnlySpan<>) ? type.GetGenericArguments()[0].MakeArrayType() : type;

    public object? Make(Type type) => type switch
    {
        _ when type == typeof(Tensor) => Tensor(),
        _ when type == typeof(Tensor[]) => Many(Tensor),
        _ when type == typeof(Shape) => (Shape)Many(() => _random.Next(5)),
        _ when type == typeof(int[]) => Many(Size),
        _ when type == typeof(Scalar) => _random.Next(2) == 0 ? (Scalar)Real() : (Scalar)(long)Size(),
        _ when type == typeof(int) => Size(),
        _ when type == typeof(long) => _random.Next(5) == 0 ? long.MinValue : (long)Size(),
        _ when type == typeof(double) => Real(),
        _ when type == typeof(bool) => _random.Next(2) == 0,
        _ when type == typeof(string) => Any(s_texts),
        _ when type == typeof(Generator) => new Generator(seed),
        _ when type == typeof(Pair) => new Pair(Size(), Size()),
        _ when type.IsEnum => Enum.GetValues(type).GetValue(_random.Next(Enum.GetValues(type).Length)),
        _ => _random.Next(2) == 0 ? null : Make(Nullable.GetUnderlyingType(type)!),
    };

    private T Any<T>(T[] choices) => choices[_random.Next(choices.Length)];

    private T[] Many<T>(Func<T> make) => [.. Enumerable.Range(0, _random.Next(5)).Select(_ => make())];

    private int Size() => _random.Next(4) == 0 ? Any(s_sizes) : _random.Next(-3, 6);

    private double Real() => _random.Next(3) switch { 0 => Any(s_reals), 1 => _random.Next(-3, 6), _ => (_random.NextDouble() * 4) - 2 };

    private Tensor Tensor()
    {
        if (_last is not null && _random.Next(4) == 0) return _last;
        Shape shape = _last is not null && _random.Next(4) == 0 ? _last.Shape : Any(s_shapes);
        Tensor x = _random.Next(8) switch
        {
            0 => MiniTorch.Tensor.RandInt(0, 2, shape, new Generator(seed)).Eq(1),
            1 => MiniTorch.Tensor.RandInt(-2, 5, shape, new Generator(seed)),
            2 => MiniTorch.Tensor.RandInt(0, 3, shape, new Generator(seed)),
            3 or 4 => MiniTorch.Tensor.Randn(shape, new Generator(seed), DType.Float64),
            _ => MiniTorch.Tensor.Randn(shape, new Generator(seed)),
        };
        x = _random.Next(6) switch
        {
            0 => x.T,
            1 when x.Rank > 0 && x.Shape[0] == 1 => x.Expand([5, .. x.Shape.Span[1..]]),
            2 when x.Rank > 0 => x.Slice(-1, 0, null, 2),
            _ => x,
        };
        if (x.DType.IsFloat() && _random.Next(2) == 0)
        {
            x.RequiresGrad = true;
            if (_random.Next(3) == 0) x *= 1.0;
        }
        return _last = x;
    }
}
