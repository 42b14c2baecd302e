using System.Collections.Immutable;
using Microsoft.CodeAnalysis;
using Microsoft.CodeAnalysis.CSharp;
using Microsoft.CodeAnalysis.CSharp.Syntax;
using Microsoft.CodeAnalysis.Diagnostics;
using MiniTorch.NumericChecking;

namespace MiniTorch.Analyzers;

/// <summary>MT0008 to MT0011: the formulas of the numerical check's table that can be told from their source.</summary>
[DiagnosticAnalyzer(LanguageNames.CSharp)]
public sealed class UnstableFormulaAnalyzer()
    : MiniTorchAnalyzer(Rules.LostBesideOne, Rules.OverflowingExponential, Rules.LogOfProbability, Rules.VarianceOfMeans)
{
    private static readonly (Rewrite Rewrite, ExpressionSyntax Pattern)[] s_patterns =
        [.. Rewrites.All.Where(rewrite => rewrite.Rule is not null).Select(rewrite => (rewrite, SyntaxFactory.ParseExpression(rewrite.Before)))];

    private protected override void Register(CompilationStartAnalysisContext context, MiniTorchTypes types) => context.RegisterSyntaxNodeAction(c =>
    {
        var expression = (ExpressionSyntax)c.Node;
        if (Find(expression) is not { } found || !MiniTorchTypes.Is(c.SemanticModel.GetTypeInfo(expression).Type, types.Tensor)) return;
        if (expression.Ancestors().TakeWhile(ancestor => ancestor is ExpressionSyntax or ArgumentSyntax or ArgumentListSyntax)
            .OfType<ExpressionSyntax>()
            .Any(outer => Find(outer)?.Nodes.Contains(expression) == true)) return; // part of a larger formula
        ImmutableDictionary<string, string?> properties = ImmutableDictionary<string, string?>.Empty;
        if (After(found.Rewrite.After, found.Bound) is { } after) properties = properties.Add("after", after);
        DiagnosticDescriptor rule = SupportedDiagnostics.Single(rule => rule.Id == found.Rewrite.Rule);
        c.ReportDiagnostic(Diagnostic.Create(rule, expression.GetLocation(), properties, found.Rewrite.Why, found.Rewrite.After,
            found.Rewrite.Before));
    }, SyntaxKind.InvocationExpression, SyntaxKind.SubtractExpression, SyntaxKind.DivideExpression);

    /// <summary>The largest formula of the table that an expression is.</summary>
    private static (Rewrite Rewrite, Dictionary<string, SyntaxNode> Bound, HashSet<SyntaxNode> Nodes)? Find(ExpressionSyntax expression)
    {
        (Rewrite, Dictionary<string, SyntaxNode>, HashSet<SyntaxNode> Nodes)? best = null;
        foreach ((Rewrite rewrite, ExpressionSyntax pattern) in s_patterns)
        {
            if (pattern.RawKind != expression.RawKind) continue;
            (Dictionary<string, SyntaxNode> bound, HashSet<SyntaxNode> nodes) = (new(), new());
            if (Matches(pattern, expression, bound, nodes) && !IsShifted(bound, rewrite) && nodes.Count > (best?.Nodes.Count ?? 0))
                best = (rewrite, bound, nodes);
        }
        return best;
    }

    // exp(x − max) cannot overflow: the max-shift of tutorials, written in place or as a local.
    private static bool IsShifted(Dictionary<string, SyntaxNode> bound, Rewrite rewrite) => rewrite.Rule == Rules.OverflowingExponential.Id
        && bound.TryGetValue("x", out SyntaxNode? x)
        && (HasDifference(x) || x.SyntaxTree.GetRoot().DescendantNodes().OfType<VariableDeclaratorSyntax>().Any(local =>
            local.Identifier.ValueText == x.ToString() && local.Initializer is { } first && HasDifference(first)));

    private static bool HasDifference(SyntaxNode value) => value.DescendantNodesAndSelf().Any(part => part.IsKind(SyntaxKind.SubtractExpression));

    private static bool Matches(ExpressionSyntax pattern, ExpressionSyntax code, Dictionary<string, SyntaxNode> bound, HashSet<SyntaxNode> nodes)
    {
        (pattern, code) = (Bare(pattern), Bare(code));
        switch (pattern)
        {
            case IdentifierNameSyntax { Identifier.ValueText: "c" }:
                return code is LiteralExpressionSyntax && Bind("c", code);
            case IdentifierNameSyntax { Identifier.ValueText: "x" or "y" } name:
                return Bind(name.Identifier.ValueText, code);
            case IdentifierNameSyntax name:
                return code.ToString().Split('.').Last() == name.Identifier.ValueText;
            case LiteralExpressionSyntax number:
                return code is LiteralExpressionSyntax { Token.Value: IConvertible value } && value is not string
                    && Convert.ToDouble(value, null) == Convert.ToDouble(number.Token.Value, null);
            case PrefixUnaryExpressionSyntax minus:
                return code is PrefixUnaryExpressionSyntax negated && negated.IsKind(minus.Kind())
                    && Matches(minus.Operand, negated.Operand, bound, nodes) && nodes.Add(code);
            case BinaryExpressionSyntax operation:
                if (code is not BinaryExpressionSyntax binary || !binary.IsKind(operation.Kind())) return false;
                nodes.Add(code);
                if (Both(operation.Left, operation.Right)) return true;
                return operation.Kind() is SyntaxKind.AddExpression or SyntaxKind.MultiplyExpression && Both(operation.Right, operation.Left);

                bool Both(ExpressionSyntax left, ExpressionSyntax right)
                {
                    (Dictionary<string, SyntaxNode> attempt, HashSet<SyntaxNode> found) = (new(bound), new(nodes));
                    if (!Matches(left, binary.Left, attempt, found) || !Matches(right, binary.Right, attempt, found)) return false;
                    foreach (KeyValuePair<string, SyntaxNode> pair in attempt) bound[pair.Key] = pair.Value;
                    nodes.UnionWith(found);
                    return true;
                }
            case InvocationExpressionSyntax { Expression: MemberAccessExpressionSyntax method } call:
                string called = method.Name.Identifier.ValueText;
                if (called == "Square" && Root(code) is { } root) return Matches(method.Expression, root, bound, nodes) && nodes.Add(code);
                if (code is not InvocationExpressionSyntax { Expression: MemberAccessExpressionSyntax access } made
                    || access.Name.Identifier.ValueText != called) return false;
                nodes.Add(code);
                if (!Matches(method.Expression, access.Expression, bound, nodes)) return false;
                SeparatedSyntaxList<ArgumentSyntax> wanted = call.ArgumentList.Arguments, given = made.ArgumentList.Arguments;
                if (wanted.Count == 1 && wanted[0].Expression is IdentifierNameSyntax { Identifier.ValueText: "dim" })
                    return Bind("dim", made.ArgumentList);
                return wanted.Count <= given.Count && wanted.Zip(given, (want, give) =>
                    Matches(want.Expression, give.Expression, bound, nodes)).All(same => same);
            default:
                return false;
        }

        bool Bind(string name, SyntaxNode value)
        {
            if (bound.TryGetValue(name, out SyntaxNode? former)) return name == "dim" || SyntaxFactory.AreEquivalent(former, value);
            bound.Add(name, value);
            return true;
        }
    }

    private static ExpressionSyntax Bare(ExpressionSyntax expression) => expression is ParenthesizedExpressionSyntax inner ? Bare(inner.Expression)
        : expression;

    /// <summary>x in x * x and x.Pow(2).</summary>
    private static ExpressionSyntax? Root(ExpressionSyntax code) => code switch
    {
        BinaryExpressionSyntax product when product.IsKind(SyntaxKind.MultiplyExpression)
            && SyntaxFactory.AreEquivalent(product.Left, product.Right) => product.Left,
        InvocationExpressionSyntax
        {
            Expression: MemberAccessExpressionSyntax { Name.Identifier.ValueText: "Pow" } access,
            ArgumentList.Arguments: { Count: 1 } power
        }
            when power[0].Expression is LiteralExpressionSyntax { Token.ValueText: "2" } => access.Expression,
        _ => null,
    };

    /// <summary>The rewrite with the code's own operands; null if it needs a number that the code does not show.</summary>
    private static string? After(string after, Dictionary<string, SyntaxNode> bound)
    {
        ExpressionSyntax template = SyntaxFactory.ParseExpression(after);
        bool needsDim = (after.Contains("LogSumExp") || after.Contains("Softmax")) && bound["dim"] is ArgumentListSyntax { Arguments.Count: 0 };
        IdentifierNameSyntax[] names = [.. template.DescendantNodesAndSelf().OfType<IdentifierNameSyntax>()];
        if (needsDim || names.Any(name => name.Identifier.ValueText == "n")) return null;
        ExpressionSyntax written = template.ReplaceNodes(names.Where(name => name.Identifier.ValueText is "x" or "y" or "c"), (name, _) =>
        {
            var value = (ExpressionSyntax)bound[name.Identifier.ValueText].WithoutTrivia();
            bool needsParentheses = value is BinaryExpressionSyntax or PrefixUnaryExpressionSyntax or ConditionalExpressionSyntax
                && name.Parent is not ArgumentSyntax;
            return (needsParentheses ? SyntaxFactory.ParenthesizedExpression(value) : value).WithTriviaFrom(name);
        });
        if (!bound.TryGetValue("dim", out SyntaxNode? dims)) return written.ToString();
        SeparatedSyntaxList<ArgumentSyntax> arguments = ((ArgumentListSyntax)dims).Arguments;
        string given = after.Contains("Softmax") ? arguments.FirstOrDefault()?.ToString() ?? ""
            : arguments.ToString(); // a sum's keepDim is not Softmax's
        return written.ToString().Replace("(dim, ", given.Length == 0 ? "(" : $"({given}, ").Replace("(dim)", $"({given})");
    }
}
