namespace MiniTorch.Tests.Conformance;

/// <summary>What Python's signs, constants and functions of numbers do: integers stay integers, // and % round down, / is always real.</summary>
static class PythonOperations
{
    static readonly Dictionary<string, object?> Constants = new()
    {
        ["True"] = true,
        ["False"] = false,
        ["None"] = null,
        ["pi"] = Math.PI,
        ["math.e"] = Math.E,
        ["tau"] = Math.Tau,
        ["inf"] = double.PositiveInfinity,
        ["nan"] = double.NaN,
    };

    static readonly Dictionary<string, Func<double, double>> Functions = new()
    {
        ["sqrt"] = Math.Sqrt,
        ["exp"] = Math.Exp,
        ["log2"] = Math.Log2,
        ["log10"] = Math.Log10,
        ["sin"] = Math.Sin,
        ["cos"] = Math.Cos,
        ["tan"] = Math.Tan,
        ["asin"] = Math.Asin,
        ["acos"] = Math.Acos,
        ["atan"] = Math.Atan,
        ["sinh"] = Math.Sinh,
        ["cosh"] = Math.Cosh,
        ["tanh"] = Math.Tanh,
        ["fabs"] = Math.Abs,
        ["float"] = x => x,
        ["radians"] = double.DegreesToRadians,
    };

    static readonly string[] Modules = ["math.", "np.", "numpy."];

    /// <summary>The value of a constant, or the name itself.</summary>
    public static object? Constant(string name) =>
        Constants.TryGetValue(name, out object? value) || Constants.TryGetValue(Bare(name), out value) ? value : new PythonName(name);

    public static PythonCall AsCall(string name, (object?[] Arguments, Dictionary<string, object?> Options) given) =>
        new(name, given.Arguments, given.Options);

    public static PythonName Method(object? receiver, string name) => new PythonMethod(receiver, "." + name);

    /// <summary>Calls a lambda or a function of numbers; any other call is left to the reader's user.</summary>
    public static object? Invoke(object? function, (object?[] Arguments, Dictionary<string, object?> Options) given)
    {
        if (function is PythonFunction lambda) return lambda(given.Arguments);
        if (function is PythonMethod method) return AsCall(method.Text, ([method.Receiver, .. given.Arguments], given.Options));
        if (function is not PythonName { Text: var name }) throw new FormatException($"{function} cannot be called");
        return given.Options.Count > 0 || given.Arguments.Any(IsSymbolic) ? AsCall(name, given) : Number(Bare(name), given.Arguments)
            ?? AsCall(name, given);
    }

    public static object? Index(object? of, object?[] indices)
    {
        if (of is PythonName { Text: var name }) return AsCall(name, (indices, []));
        if (of is not object?[] list || indices is not [long at]) throw new FormatException($"{of} cannot be indexed");
        return list[at < 0 ? list.Length + at : at];
    }

    public static PythonCall WithData(object? tensor, object? data) => tensor is PythonCall call
        ? call with { Options = new Dictionary<string, object?>(call.Options) { ["data"] = data } }
        : throw new FormatException($"{tensor} is not a tensor");

    public static object Negate(object? value) => Whole(value) is { } integer ? (object)-integer : -PythonValue.Real(value);

    public static bool Compare(string sign, object? left, object? right)
    {
        if (sign is "in" or "not in") return ((object?[])right!).Any(item => Compare("==", left, item)) == (sign == "in");
        if (sign is "==" or "!=" && !(IsNumber(left) && IsNumber(right))) return Equals(left, right) == (sign == "==");
        (double a, double b) = (PythonValue.Real(left), PythonValue.Real(right));
        return sign switch
        {
            "<" => a < b,
            "<=" => a <= b,
            ">" => a > b,
            ">=" => a >= b,
            "==" => a == b,
            _ => a != b,
        };
    }

    public static object? Combine(string sign, object? left, object? right)
    {
        if (left is object?[] list) return Repeated(sign, list, right);
        if (sign is "/" or "//" or "%" && PythonValue.Real(right) == 0) throw new DivideByZeroException($"{left} {sign} {right}");
        if (sign != "/" && Whole(left) is { } a && Whole(right) is { } b && !(sign == "**" && b < 0)) return Integer(sign, a, b);
        return Reals(sign, PythonValue.Real(left), PythonValue.Real(right));
    }

    static long Integer(string sign, long a, long b) => checked(sign switch
    {
        "+" => a + b,
        "-" => a - b,
        "*" => a * b,
        "//" => (a / b) - (a % b != 0 && a % b < 0 != b < 0 ? 1 : 0),
        "%" => ((a % b) + b) % b,
        "**" => (long)System.Numerics.BigInteger.Pow(a, (int)b),
        _ => throw new FormatException($"unknown sign {sign}"),
    });

    static double Reals(string sign, double a, double b) => sign switch
    {
        "+" => a + b,
        "-" => a - b,
        "*" => a * b,
        "/" => a / b,
        "//" => Math.Round((a - Modulo(a, b)) / b),
        "%" => Modulo(a, b),
        "**" => a < 0 && b != Math.Floor(b) ? throw new FormatException($"{a} ** {b} is complex") : Math.Pow(a, b),
        _ => throw new FormatException($"unknown sign {sign}"),
    };

    // Has the sign of the divisor.
    static double Modulo(double a, double b) => a % b is var rest && rest != 0 && rest < 0 != b < 0 ? rest + b : a % b;

    static object?[] Repeated(string sign, object?[] list, object? right) => (sign, right) switch
    {
        ("*", long times) => [.. Enumerable.Repeat(list, (int)times).SelectMany(items => items)],
        ("+", object?[] more) => [.. list, .. more],
        _ => throw new FormatException($"a list {sign} {right}"),
    };

    // Null if there is no such function.
    static object? Number(string name, object?[] arguments)
    {
        switch (name, arguments)
        {
            case ("min" or "max", [object?[] list]): return Number(name, list);
            case ("min" or "max", { Length: > 0 }):
                return arguments.Aggregate((best, next) => Compare(name == "min" ? "<" : ">", next, best) ? next
                : best);
            case ("sum", [object?[] list]): return list.Aggregate((object?)0L, (sum, next) => Combine("+", sum, next));
            case ("len", [object?[] list]): return (long)list.Length;
            case ("abs", [var x]): return Compare("<", x, 0L) ? Negate(x) : x;
            case ("pow", [var x, var y]): return Combine("**", x, y);
            case ("fmod", [var x, var y]): return PythonValue.Real(x) % PythonValue.Real(y);
            case ("bool", [var x]): return PythonValue.IsTrue(x);
            case ("int" or "trunc", [var x]): return (long)PythonValue.Real(x);
            case ("floor", [var x]): return (long)Math.Floor(PythonValue.Real(x));
            case ("ceil", [var x]): return (long)Math.Ceiling(PythonValue.Real(x));
            case ("round", [var x]): return (long)Math.Round(PythonValue.Real(x), MidpointRounding.ToEven);
            case ("log", [var x]): return Math.Log(PythonValue.Real(x));
            case ("log", [var x, var newBase]): return Math.Log(PythonValue.Real(x)) / Math.Log(PythonValue.Real(newBase));
            case (_, [var x]) when Functions.TryGetValue(name, out Func<double, double>? function): return function(PythonValue.Real(x));
            default: return null;
        }
    }

    static string Bare(string name) =>
        Array.Find(Modules, module => name.StartsWith(module, StringComparison.Ordinal)) is { } module ? name[module.Length..] : name;

    static bool IsSymbolic(object? value) => value is PythonCall or PythonName || (value is object?[] list && list.Any(IsSymbolic));

    static bool IsNumber(object? value) => value is long or double or bool;

    static long? Whole(object? value) => value switch
    {
        long integer => integer,
        bool flag => flag ? 1 : 0,
        _ => null,
    };

    /// <summary>A method of a value, before its call.</summary>
    sealed record PythonMethod(object? Receiver, string Name) : PythonName(Name);
}
