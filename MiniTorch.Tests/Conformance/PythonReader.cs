using System.Globalization;
using System.Text.RegularExpressions;

namespace MiniTorch.Tests.Conformance;

/// <summary>
/// Reads the Python of the reference data: numbers, strings, lists, arithmetic, comparisons, conditions, lambdas, and calls. Beyond Python it knows
/// tensors such as <c>i64[2]=[0,3]</c> and named arguments without <c>=</c>, as in <c>var f32[3,2]</c>.
/// </summary>
sealed partial class PythonReader(string text)
{
    private delegate object? Expression(Func<string, object?> variable);

    private static readonly string[] s_keywords = ["if", "else", "and", "or", "not", "in", "is", "lambda"];
    private readonly HashSet<string> _functions = [.. FunctionOrModule().Matches(text).Select(match => match.Value)]; // these names are no variables
    private int _at;

    /// <summary>The value of a whole text.</summary>
    /// <param name="text">An expression.</param>
    /// <param name="variable">The value of a name; an unknown name stands for itself.</param>
    public static object? Evaluate(string text, Func<string, object?>? variable = null)
    {
        var reader = new PythonReader(text);
        Expression expression = reader.Conditional();
        if (reader.Peek() is { Length: > 0 } token) throw reader.Unexpected(token);
        return expression(variable ?? Itself);
    }

    /// <summary>A formula of one variable of any name, such as <c>min(1, (epoch+1)/10)</c>, or a lambda.</summary>
    public static Func<int, double> OfEpoch(string formula) => epoch =>
    {
        string? name = null;
        object? value = Evaluate(formula, variable => variable.Contains('.') ? Itself(variable)
            : (name ??= variable) == variable ? (long)epoch : throw new FormatException($"{formula} has two variables, {name} and {variable}"));
        return PythonValue.Real(value is PythonFunction function ? function([(long)epoch]) : value);
    };

    /// <summary>The call that the text starts with, and what follows it.</summary>
    public PythonCall Call(out string rest)
    {
        Skip();
        string name = Identifier();
        while (Take(".")) name += "." + Identifier();
        if (Peek() != "(") throw Unexpected(Peek());
        PythonCall call = PythonOperations.AsCall(name, Evaluated(Arguments("(", ")"), Itself));
        object? value = Trailers(_ => call)(Itself);
        rest = text[_at..];
        return (PythonCall)value!;
    }

    private static object? Itself(string name) => new PythonName(name);

    private Expression Conditional()
    {
        if (Take("lambda")) return Lambda();
        Expression value = Or();
        if (!Take("if")) return value;
        Expression condition = Or();
        Expect("else");
        Expression otherwise = Conditional();
        return variable => PythonValue.IsTrue(condition(variable)) ? value(variable) : otherwise(variable);
    }

    private Expression Lambda()
    {
        var names = new List<string>();
        while (!Take(":"))
        {
            names.Add(Identifier());
            Take(",");
        }
        Expression body = Conditional();
        return variable => (PythonFunction)(arguments => body(name => names.IndexOf(name) is >= 0 and var i ? arguments[i] : variable(name)));
    }

    private Expression Or()
    {
        Expression left = And();
        while (Take("or"))
        {
            (Expression first, Expression second) = (left, And());
            left = variable => first(variable) is var value && PythonValue.IsTrue(value) ? value : second(variable);
        }
        return left;
    }

    private Expression And()
    {
        Expression left = Not();
        while (Take("and"))
        {
            (Expression first, Expression second) = (left, Not());
            left = variable => first(variable) is var value && PythonValue.IsTrue(value) ? second(variable) : value;
        }
        return left;
    }

    private Expression Not()
    {
        if (!Take("not")) return Comparison();
        Expression value = Not();
        return variable => !PythonValue.IsTrue(value(variable));
    }

    // A chain such as 0 < x <= 1 compares each neighbour.
    private Expression Comparison()
    {
        Expression first = Sum();
        var links = new List<(string Sign, Expression Value)>();
        while (ComparisonSign() is { } sign) links.Add((sign, Sum()));
        if (links.Count == 0) return first;
        return variable =>
        {
            object? left = first(variable);
            foreach ((string sign, Expression value) in links)
            {
                object? right = value(variable);
                if (!PythonOperations.Compare(sign, left, right)) return false;
                left = right;
            }
            return true;
        };
    }

    private string? ComparisonSign()
    {
        if (Take("not"))
        {
            Expect("in");
            return "not in";
        }
        if (Take("is")) return Take("not") ? "!=" : "==";
        return Array.Find(["<=", ">=", "==", "!=", "<", ">", "in"], Take);
    }

    private Expression Sum() => LeftToRight(Product, "+", "-");

    private Expression Product() => LeftToRight(Factor, "*", "//", "/", "%");

    private Expression LeftToRight(Func<Expression> operand, params string[] signs)
    {
        Expression left = operand();
        while (Array.Find(signs, Take) is { } sign)
        {
            (Expression first, Expression second) = (left, operand());
            left = variable => PythonOperations.Combine(sign, first(variable), second(variable));
        }
        return left;
    }

    private Expression Factor()
    {
        if (Take("+")) return Factor();
        if (!Take("-")) return Power();
        Expression value = Factor();
        return variable => PythonOperations.Negate(value(variable));
    }

    private Expression Power()
    {
        Expression value = Trailers(Atom());
        if (!Take("**")) return value;
        Expression exponent = Factor();
        return variable => PythonOperations.Combine("**", value(variable), exponent(variable));
    }

    // Only a bracket that touches what it follows is a call or an index: a remark in parentheses follows a space.
    private Expression Trailers(Expression value)
    {
        while (_at < text.Length && text[_at] is '.' or '(' or '[')
        {
            Expression of = value;
            if (Take("."))
            {
                string name = Identifier();
                value = variable => of(variable) is PythonName module ? PythonOperations.Constant($"{module.Text}.{name}")
                    : PythonOperations.Method(of(variable), name);
            }
            else if (Peek() == "(")
            {
                List<(string? Name, Expression Value)> arguments = Arguments("(", ")");
                value = variable => PythonOperations.Invoke(of(variable), Evaluated(arguments, variable));
            }
            else
            {
                List<(string? Name, Expression Value)> indices = Arguments("[", "]");
                value = variable => PythonOperations.Index(of(variable), [.. indices.Select(index => index.Value(variable))]);
            }
        }
        return value;
    }

    private Expression Atom()
    {
        string token = Peek();
        if (Take("(")) return Parenthesis();
        if (token == "[")
        {
            List<(string? Name, Expression Value)> items = Arguments("[", "]");
            return variable => items.Select(item => item.Value(variable)).ToArray();
        }
        if (token.Length == 0 || s_keywords.Contains(token)) throw Unexpected(token);
        _at += token.Length;
        if (token[0] is '\'' or '"') return _ => token[1..^1];
        if (char.IsAsciiDigit(token[0]) || (token[0] == '.' && token.Length > 1)) return Number(token);
        if (!IsName(token)) throw Unexpected(token);
        object? constant = PythonOperations.Constant(token);
        return constant is PythonName && !_functions.Contains(token) ? variable => variable(token) : _ => constant;
    }

    private Expression Parenthesis()
    {
        var items = new List<Expression>();
        bool isTuple = Peek() == ")";
        while (!Take(")"))
        {
            items.Add(Conditional());
            if (Take(",")) isTuple = true;
            else if (Peek() != ")") throw Unexpected(Peek());
        }
        return isTuple ? variable => items.Select(item => item(variable)).ToArray() : items[0];
    }

    private Expression Number(string token)
    {
        string digits = token.Replace("_", "", StringComparison.Ordinal);
        if (!long.TryParse(digits, NumberStyles.None, CultureInfo.InvariantCulture, out long integer))
        {
            double real = double.Parse(digits, NumberStyles.Float, CultureInfo.InvariantCulture);
            return _ => real;
        }
        return _ => integer;
    }

    private List<(string? Name, Expression Value)> Arguments(string open, string close)
    {
        Expect(open);
        var arguments = new List<(string? Name, Expression Value)>();
        while (!Take(close))
        {
            string? name = ArgumentName();
            Expression value = Conditional();
            if (Take("="))
            {
                (Expression tensor, Expression data) = (value, Conditional());
                value = variable => PythonOperations.WithData(tensor(variable), data(variable));
            }
            arguments.Add((name, value));
            if (!Take(",") && Peek() != close) throw Unexpected(Peek());
        }
        return arguments;
    }

    private string? ArgumentName()
    {
        int start = _at;
        string name = Peek();
        if (IsName(name) && !s_keywords.Contains(name))
        {
            _at += name.Length;
            if (Take("=")) return name;
            if (IsName(Peek()) && !s_keywords.Contains(Peek())) return name;
        }
        _at = start;
        return null;
    }

    private static (object?[] Arguments, Dictionary<string, object?> Options) Evaluated(List<(string? Name, Expression Value)> arguments,
        Func<string, object?> variable) =>
        ([.. arguments.Where(argument => argument.Name is null).Select(argument => argument.Value(variable))],
         arguments.Where(argument => argument.Name is not null).ToDictionary(argument => argument.Name!, argument => argument.Value(variable)));

    private static bool IsName(string token) => token.Length > 0 && (char.IsAsciiLetter(token[0]) || token[0] == '_');

    private string Identifier()
    {
        string token = Peek();
        if (!IsName(token)) throw Unexpected(token);
        _at += token.Length;
        return token;
    }

    private bool Take(string token)
    {
        if (Peek() != token) return false;
        _at += token.Length;
        return true;
    }

    private void Expect(string token)
    {
        if (!Take(token)) throw Unexpected(Peek());
    }

    private string Peek()
    {
        int start = _at;
        Skip();
        string token = Token().Match(text, _at).Value;
        if (token.Length == 0) _at = start;
        return token;
    }

    private void Skip()
    {
        while (_at < text.Length && char.IsWhiteSpace(text[_at])) _at++;
    }

    private FormatException Unexpected(string token) => new($"{text}: '{token}' is unexpected at {_at}");

    [GeneratedRegex(@"\G((\d[\d_]*\.?\d*|\.\d+)([eE][+-]?\d+)?|'[^']*'|""[^""]*""|[A-Za-z_]\w*|\*\*|//|[<>=!]=|.)")]
    private static partial Regex Token();

    [GeneratedRegex(@"[A-Za-z_]\w*(?=[(.])")]
    private static partial Regex FunctionOrModule();
}
