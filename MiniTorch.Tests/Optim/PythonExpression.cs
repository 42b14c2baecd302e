using System.Globalization;
using System.Text.RegularExpressions;

namespace MiniTorch.Tests.Optim;

/// <summary>Evaluates the arithmetic of an epoch that the reference data writes in Python: <c>min(1, (epoch+1)/10)</c>.</summary>
sealed partial class PythonExpression
{
    private readonly string[] _tokens;
    private readonly double _epoch;
    private int _next;

    private PythonExpression(string text, double epoch)
    {
        _tokens = [.. Token().Matches(text).Select(match => match.Value)];
        string.Concat(_tokens).ShouldBe(text.Replace(" ", "", StringComparison.Ordinal));
        _epoch = epoch;
    }

    public static Func<int, double> OfEpoch(string text) => epoch =>
    {
        var parser = new PythonExpression(text, epoch);
        double value = parser.Sum();
        parser._next.ShouldBe(parser._tokens.Length);
        return value;
    };

    private bool Take(string token)
    {
        if (_next >= _tokens.Length || _tokens[_next] != token) return false;
        _next++;
        return true;
    }

    private double Sum()
    {
        double value = Product();
        while (true)
            if (Take("+")) value += Product();
            else if (Take("-")) value -= Product();
            else return value;
    }

    private double Product()
    {
        double value = Sign();
        while (true)
            if (Take("*")) value *= Sign();
            else if (Take("//")) value = Math.Floor(value / Sign());
            else if (Take("/")) value /= Sign();
            else return value;
    }

    private double Sign() => Take("-") ? -Sign() : Power();

    private double Power()
    {
        double value = Atom();
        return Take("**") ? Math.Pow(value, Sign()) : value;
    }

    private double Atom()
    {
        string token = _tokens[_next++];
        switch (token)
        {
            case "(":
                return Arguments().Single();
            case "min":
                _next++;
                return Arguments().Min();
            case "max":
                _next++;
                return Arguments().Max();
            case "math.cos":
                _next++;
                return Math.Cos(Arguments().Single());
            case "math.sqrt":
                _next++;
                return Math.Sqrt(Arguments().Single());
            case "math.exp":
                _next++;
                return Math.Exp(Arguments().Single());
            case "math.pi":
                return Math.PI;
            case "epoch" or "e" or "k" or "step":
                return _epoch;
            default:
                return double.Parse(token, CultureInfo.InvariantCulture);
        }
    }

    private List<double> Arguments()
    {
        var values = new List<double> { Sum() };
        while (Take(",")) values.Add(Sum());
        Take(")").ShouldBeTrue();
        return values;
    }

    [GeneratedRegex(@"\d+(\.\d*)?(e-?\d+)?|\*\*|//|[-+*/(),]|[a-z.]+")]
    private static partial Regex Token();
}
