using System.Globalization;

namespace MiniTorch.NumericChecking;

/// <summary>
/// An expression of operations: what a value was computed from, or the pattern that it is compared with. Equal formulas have one form: x·x is
/// Square(x), a sum divided by a constant is Mean, x + (−c) is x − c, and 1/x is a Divide.
/// </summary>
internal sealed class FormulaTree
{
    private const int Deepest = 40;

    private FormulaTree(string op, FormulaTree[] arguments, double? constant, object? identity)
    {
        (Op, Arguments, Constant, Identity) = (op, arguments, constant, identity);
        Size = Math.Min(Deepest, 1 + arguments.Sum(argument => argument.Size));
    }

    /// <summary>The operation; the name of a pattern's variable; nothing for an input or constant.</summary>
    public string Op { get; }

    public FormulaTree[] Arguments { get; }

    /// <summary>The value where every element is the same constant.</summary>
    public double? Constant { get; }

    /// <summary>What computed it, or the input that it is; null in patterns.</summary>
    public object? Identity { get; }

    /// <summary>The number of nodes; a large formula's is not counted to the end.</summary>
    public int Size { get; }

    private bool IsVariable => Op is "x" or "y" or "c";

    /// <summary>The operations, such as <c>Log(Add(x, 1))</c>.</summary>
    public override string ToString() =>
        Constant?.ToString(CultureInfo.InvariantCulture) ?? (Op.Length == 0 ? "input" : Arguments.Length == 0 ? Op
            : $"{Op}({string.Join<FormulaTree>(", ", Arguments)})");

    public static FormulaTree Number(double value) => new("", [], value, null);

    public static FormulaTree Leaf(object identity) => new("", [], null, identity);

    /// <summary>An operation in its one form.</summary>
    public static FormulaTree Of(string op, object? identity, params FormulaTree[] args)
    {
        return (op, args) switch
        {
            ("Multiply", [var a, var b]) when a.SameAs(b) => Make("Square", a),
            ("Multiply" or "Add", [{ Constant: not null } a, { Constant: null } b]) => Of(op, identity, b, a),
            ("Divide", [var a, { Constant: { } c }]) => Of("Multiply", identity, a, Number(1 / c)),
            ("Multiply", [{ Op: "Sum" } a, { Constant: > 0 and < 1 }]) => Make("Mean", a.Arguments[0]),
            ("Multiply", [var a, { Constant: -1 }]) => Make("Negate", a),
            ("Add", [{ Op: "Negate" } a, var b]) => Of("Subtract", identity, b, a.Arguments[0]),
            ("Add", [var a, { Op: "Negate" } b]) => Of("Subtract", identity, a, b.Arguments[0]),
            ("Add", [var a, { Constant: < 0 and var c }]) => Make("Subtract", a, Number(-c)),
            ("Subtract", [var a, { Op: "Negate" } b]) => Of("Add", identity, a, b.Arguments[0]),
            ("Rsqrt", [var a]) => Make("Divide", Number(1), Make("Sqrt", a)),
            ("Reciprocal", [var a]) => Make("Divide", Number(1), a),
            ("Negate", [{ Constant: { } c }]) => Number(-c),
            _ => Make(op, args),
        };

        FormulaTree Make(string name, params FormulaTree[] arguments) => new(name, arguments, null, identity);
    }

    /// <summary>Whether another formula computes the same. Large formulas are the same only if they are one.</summary>
    public bool SameAs(FormulaTree other) =>
        ReferenceEquals(this, other) || (Op == other.Op && Op != "" && Size < Deepest && Arguments.Length == other.Arguments.Length
            && Arguments.Zip(other.Arguments).All(pair => pair.First.SameAs(pair.Second)))
        || (Op == "" && other.Op == "" && (Constant is { } c ? c == other.Constant : Identity is not null && Identity == other.Identity));

    /// <summary>Compares a formula with this pattern. Returns what computed the matched nodes, or null.</summary>
    public HashSet<object>? Match(FormulaTree formula)
    {
        var bound = new Dictionary<string, FormulaTree>();
        var nodes = new HashSet<object>();
        return Matches(formula, bound, nodes) ? nodes : null;
    }

    private bool Matches(FormulaTree formula, Dictionary<string, FormulaTree> bound, HashSet<object> nodes)
    {
        if (IsVariable)
        {
            if (Op == "c" && formula.Constant is null) return false;
            if (bound.TryGetValue(Op, out FormulaTree? former)) return former.SameAs(formula);
            bound.Add(Op, formula);
            return true;
        }
        if (Constant is { } constant) return formula.Constant is { } value && Math.Abs(value - constant) <= 1e-6 * Math.Abs(constant);
        if (Op != formula.Op || Arguments.Length != formula.Arguments.Length) return false;
        if (formula.Identity is { } identity) nodes.Add(identity);
        if (All(Arguments, formula.Arguments)) return true;
        return Op is "Add" or "Multiply" && All([Arguments[1], Arguments[0]], formula.Arguments);

        bool All(FormulaTree[] patterns, FormulaTree[] arguments)
        {
            var attempt = new Dictionary<string, FormulaTree>(bound);
            var found = new HashSet<object>(nodes);
            for (int i = 0; i < patterns.Length; i++)
                if (!patterns[i].Matches(arguments[i], attempt, found)) return false;
            foreach ((string name, FormulaTree value) in attempt) bound.TryAdd(name, value);
            nodes.UnionWith(found);
            return true;
        }
    }

    /// <summary>
    /// Reads a pattern: C# with the operators + − * /, methods of tensors, and the variables x, y and c (a constant). The options dim and n are left
    /// out.
    /// </summary>
    public static FormulaTree Parse(string text)
    {
        int at = 0;
        return Sum();

        FormulaTree Sum()
        {
            FormulaTree left = Product();
            while (Take('+') is var plus && (plus || Take('-'))) left = Of(plus ? "Add" : "Subtract", null, left, Product());
            return left;
        }

        FormulaTree Product()
        {
            FormulaTree left = Unary();
            while (Take('*') is var times && (times || Take('/'))) left = Of(times ? "Multiply" : "Divide", null, left, Unary());
            return left;
        }

        FormulaTree Unary() => Take('-') ? Of("Negate", null, Unary()) : Calls(Primary());

        FormulaTree Primary()
        {
            if (Take('('))
            {
                FormulaTree inner = Sum();
                Take(')');
                return inner;
            }
            string word = Word();
            return char.IsDigit(word[0]) ? Number(double.Parse(word, CultureInfo.InvariantCulture)) : new FormulaTree(word, [], null, null);
        }

        FormulaTree Calls(FormulaTree receiver)
        {
            while (Take('.'))
            {
                string name = Word();
                List<FormulaTree> arguments = receiver.Op == "Functional" ? [] : [receiver];
                Take('(');
                while (!Take(')'))
                {
                    FormulaTree argument = Sum();
                    if (argument.Op is not ("dim" or "n")) arguments.Add(argument);
                    Take(',');
                }
                receiver = Of(name, null, [.. arguments]);
            }
            return receiver;
        }

        bool Take(char wanted)
        {
            while (at < text.Length && text[at] == ' ') at++;
            if (at == text.Length || text[at] != wanted) return false;
            at++;
            return true;
        }

        string Word()
        {
            int start = at;
            bool isNumber = char.IsDigit(text[at]);
            while (at < text.Length && (char.IsLetterOrDigit(text[at]) || (isNumber && text[at] == '.'))) at++;
            return text[start..at];
        }
    }
}
