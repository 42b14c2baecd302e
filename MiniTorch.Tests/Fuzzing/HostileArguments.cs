using System.Collections;
using System.Linq.Expressions;
using System.Runtime.CompilerServices;

namespace MiniTorch.Tests.Fuzzing;

/// <summary>
/// Arguments at random that a careless or hostile caller might pass: null, sizes of no tensor, numbers at the ends of their range, tensors of any
/// shape, type and layout, objects of the libraries, functions that return any of these, and paths in a folder of the test's own.
/// </summary>
internal sealed class HostileArguments(int seed, string folder)
{
    private static readonly int[] s_sizes = [int.MinValue, int.MaxValue, int.MaxValue - 1, 1 << 30, 70_000, 1000, -7];
    private static readonly double[] s_reals =
        [double.NaN, double.PositiveInfinity, double.NegativeInfinity, double.MaxValue, -1e308, 1e-320, -0.0, 0];
    private static readonly string[] s_texts =
    [
        "", "unknown", "mean", "sum", "none", "constant", "reflect", "replicate", "circular", "tanh", "floor", "trunc", "reduced", "complete",
        "ij,jk->ik", "i,j->", "ii->i", "...i->i", "weight", "batch features", "half \uD800 of a pair", "\0", "{0}", "a.b",
    ];
    private static readonly int[][] s_shapes = [[], [0], [1], [3], [4], [2, 3], [3, 3], [2, 3, 4], [2, 0, 3], [1, 2, 5, 5], [2, 2, 3, 3, 2]];
    private static readonly ILookup<Type, PublicCall> s_makers =
        PublicCall.All.Where(call => call.MakesInstance && !call.Types.Contains(call.Result)).ToLookup(call => call.Result);

    // Counts of what a call keeps in managed memory, which no substitute bounds.
    private static readonly string[] s_allocated = ["count", "population", "numLayers"];

    private readonly Random _random = new(seed);
    private Tensor? _last;
    private bool _friendly;

    /// <summary>A value of a type, or null; the name of a parameter called path gets a path.</summary>
    public object? Make(Type type, string name = "", int depth = 0)
    {
        if (name != "this" && !_friendly && !type.IsValueType && _random.Next(12) == 0) return null;
        return type switch
        {
            _ when type == typeof(Tensor) => Tensor(),
            _ when type == typeof(Shape) => (Shape)Many(depth, () => _random.Next(5)),
            _ when type == typeof(Scalar) => _random.Next(2) == 0 ? (Scalar)Real() : (Scalar)(long)Size(),
            _ when type == typeof(int) => s_allocated.Contains(name) ? Math.Min(Size(), 70_000) : Size(),
            _ when type == typeof(long) => _random.Next(5) == 0 && !_friendly ? long.MinValue : (long)Size(),
            _ when type == typeof(double) => Real(),
            _ when type == typeof(float) => (float)Real(),
            _ when type == typeof(bool) => _random.Next(2) == 0,
            _ when type == typeof(char) => Any("\0,;\"\n\uD800".ToCharArray()),
            _ when type == typeof(byte) => (byte)_random.Next(256),
            _ when type == typeof(ulong) => (ulong)_random.NextInt64(),
            _ when type == typeof(string) => name == "path" ? FilePath() : Any(s_texts),
            _ when type == typeof(Generator) => new Generator(seed),
            _ when type == typeof(Pair) => new Pair(Size(), Size()),
            _ when type == typeof(Type) => Any<Type>([typeof(double), typeof(Tensor), typeof(void)]),
            _ when type == typeof(object) =>
                Make(Any<Type>([typeof(Tensor), typeof(int), typeof(string), typeof(double), typeof(bool)]), name, depth),
            _ when type == typeof(Exception) => new InvalidOperationException("made by a test"),
            _ when type == typeof(Index) => new Index(_random.Next(5), _random.Next(2) == 0),
            _ when type == typeof(Range) =>
                new Range(new Index(_random.Next(5), _random.Next(2) == 0), new Index(_random.Next(5), _random.Next(2) == 0)),
            _ when type == typeof(IFormatProvider) => System.Globalization.CultureInfo.InvariantCulture,
            _ when type.IsEnum => !_friendly && _random.Next(12) == 0 ? Enum.ToObject(type, 77)
                : Enum.GetValues(type).GetValue(_random.Next(Enum.GetValues(type).Length)),
            _ when type.IsArray => Array(type.GetElementType()!, depth),
            _ when type.IsAssignableTo(typeof(Delegate)) => Function(type),
            _ when Nullable.GetUnderlyingType(type) is { } inner => _random.Next(2) == 0 ? null : Make(inner, name, depth),
            _ when type.IsGenericType && type.IsAssignableTo(typeof(ITuple)) =>
                Activator.CreateInstance(type, [.. type.GetGenericArguments().Select(part => Make(part, name, depth + 1))]),
            _ when type.IsGenericType && IsOfTheFramework(type) => Collection(type, depth),
            _ => Instance(type, depth),
        };
    }

    private static bool IsOfTheFramework(Type type) => type.Namespace!.StartsWith("System", StringComparison.Ordinal);

    private T Any<T>(T[] choices) => choices[_random.Next(choices.Length)];

    private T[] Many<T>(int depth, Func<T> make) => [.. Enumerable.Range(0, _random.Next(_friendly ? 1 : 0, depth > 1 ? 3 : 5)).Select(_ => make())];

    private Array Array(Type element, int depth)
    {
        object?[] items = Many(depth, () => Make(element, "", depth + 1));
        var array = System.Array.CreateInstance(element, items.Length);
        for (int i = 0; i < items.Length; i++) array.SetValue(items[i], i);
        return array;
    }

    // Lists and dictionaries of the framework, by their interfaces too.
    private object? Collection(Type type, int depth)
    {
        Type[] of = type.GetGenericArguments();
        if (of.Length == 1)
        {
            Array items = Array(of[0], depth);
            Type list = typeof(List<>).MakeGenericType(of);
            return type.IsInstanceOfType(items) ? items : type.IsAssignableFrom(list) ? Activator.CreateInstance(list, items) : null;
        }
        Type dictionary = type.IsInterface ? typeof(Dictionary<,>).MakeGenericType(of) : type;
        if (Activator.CreateInstance(dictionary) is not IDictionary made || !type.IsInstanceOfType(made)) return null;
        foreach (object? key in Many(depth, () => Make(of[0], "", depth + 1)))
            if (key is not null) made[key] = Make(of[1], "", depth + 1);
        return made;
    }

    // A function that returns one of its arguments or something else of the type that is wanted.
    private Delegate Function(Type type)
    {
        System.Reflection.MethodInfo invoke = type.GetMethod("Invoke")!;
        ParameterExpression[] parameters = [.. invoke.GetParameters().Select(parameter => Expression.Parameter(parameter.ParameterType))];
        if (invoke.ReturnType == typeof(void)) return Expression.Lambda(type, Expression.Empty(), parameters).Compile();
        ParameterExpression? same = System.Array.Find(parameters, parameter => parameter.Type == invoke.ReturnType);
        if (same is not null && _random.Next(2) == 0) return Expression.Lambda(type, same, parameters).Compile();
        Func<object?> make = () => Make(invoke.ReturnType, "", 2);
        return Expression.Lambda(type, Expression.Convert(Expression.Invoke(Expression.Constant(make)), invoke.ReturnType), parameters).Compile();
    }

    // Most are made with arguments that make sense, so that their methods have something to do.
    private object? Instance(Type type, int depth)
    {
        Type[] types = [.. PublicCall.PublicTypes.Where(candidate => type.IsAssignableFrom(candidate) && s_makers.Contains(candidate))];
        for (int attempt = 0; attempt < 3 && depth < 4 && types.Length > 0; attempt++)
        {
            PublicCall maker = Any([.. s_makers[Any(types)]]);
            bool before = _friendly;
            _friendly = before || attempt > 0 || _random.Next(4) > 0;
            try
            {
                return maker.Invoke(Arguments(maker, depth + 1));
            }
            catch (Exception error) when (error is MiniTorchException or ArgumentNullException or IOException or UnauthorizedAccessException)
            {
            }
            finally
            {
                _friendly = before;
            }
        }
        return type.IsValueType ? Activator.CreateInstance(type) : null;
    }

    /// <summary>Arguments for a call; the first is null if an instance is needed and could not be made.</summary>
    public object?[] Arguments(PublicCall call, int depth = 0) =>
        [.. call.Types.Zip(call.Names, (type, name) => Make(PublicCall.Boxed(type), name, depth))];

    private string FilePath() => _random.Next(7) switch
    {
        0 => "",
        1 => folder,
        2 => Path.Combine(folder, "missing", "file"),
        3 => Path.Combine(folder, "nul\0l"),
        4 => Path.Combine(folder, new string('x', 300)),
        5 => Any(Directory.GetFiles(folder) is { Length: > 0 } files ? files : [Path.Combine(folder, "first")]),
        _ => Path.Combine(folder, $"written{_random.Next(5)}"),
    };

    private int Size() => _friendly ? _random.Next(1, 5) : _random.Next(4) == 0 ? Any(s_sizes) : _random.Next(-3, 6);

    private double Real() => _friendly ? _random.NextDouble() : _random.Next(3) switch
    {
        0 => Any(s_reals),
        1 => _random.Next(-3, 6),
        _ => (_random.NextDouble() * 4) - 2,
    };

    private Tensor Tensor()
    {
        if (_last is not null && _random.Next(4) == 0) return _last;
        Shape shape = _last is not null && _random.Next(4) == 0 ? _last.Shape : Any(s_shapes);
        Tensor x = _random.Next(10) switch
        {
            0 => MiniTorch.Tensor.RandInt(0, 2, shape, new Generator(seed)).Eq(1),
            1 => MiniTorch.Tensor.RandInt(-2, 5, shape, new Generator(seed)),
            2 => MiniTorch.Tensor.RandInt(0, 3, shape, new Generator(seed)),
            3 or 4 => MiniTorch.Tensor.Randn(shape, new Generator(seed), DType.Float64),
            5 => MiniTorch.Tensor.Full(shape, Real(), _random.Next(2) == 0 ? DType.Float64 : DType.Float32),
            6 => MiniTorch.Tensor.Full(shape, Any([long.MinValue, long.MaxValue, -1, 0]), DType.Int64),
            _ => MiniTorch.Tensor.Randn(shape, new Generator(seed)),
        };
        x = _random.Next(6) switch
        {
            0 => x.T,
            1 when x.Rank > 0 && x.Shape[0] == 1 => x.Expand([5, .. x.Shape.Span[1..]]),
            2 when x.Rank > 0 => x.Slice(-1, 0, null, 2),
            3 when x.Rank == 0 && _random.Next(4) == 0 => x.Expand(1 << 16, 1 << 16),
            _ => x,
        };
        if (x.DType.IsFloat() && _random.Next(2) == 0)
        {
            x.RequiresGrad = true;
            if (_random.Next(3) == 0 && x.ElementCount < 1000) x *= 1.0;
        }
        return _last = x;
    }
}
