using System.Collections.Immutable;
using System.Composition;
using Microsoft.CodeAnalysis;
using Microsoft.CodeAnalysis.CodeFixes;
using Microsoft.CodeAnalysis.CSharp;
using Microsoft.CodeAnalysis.CSharp.Syntax;

namespace MiniTorch.Analyzers;

/// <summary><c>x.Bmm(y)</c> → <c>x.MatMul(y)</c>, <c>Functional.Relu(x)</c> → <c>x.Relu()</c>, <c>x.Size(0)</c> → <c>x.Shape[0]</c>.</summary>
[ExportCodeFixProvider(LanguageNames.CSharp), Shared]
public sealed class PyTorchNameFix() : MiniTorchCodeFix(Rules.PyTorchName, "Write MiniTorch's name")
{
    private protected override SyntaxNode? Apply(SyntaxNode root, SyntaxNode node, ImmutableDictionary<string, string?> properties)
    {
        if (properties["LeaveOut"] is not null) return LeaveOut(root, node);
        if (properties["Code"] is not { } code) return null;
        if (node is PrefixUnaryExpressionSyntax { Parent: BinaryExpressionSyntax power } star) return Call(root, power, "Pow", star.Operand);
        if (node is BinaryExpressionSyntax comparison)
            return Call(root, comparison, comparison.IsKind(SyntaxKind.EqualsExpression) ? "Eq" : "Ne", comparison.Right);
        if (node is IdentifierNameSyntax { Parent: NameColonSyntax name }) return root.ReplaceNode(name.Name, SyntaxFactory.IdentifierName(code));
        if (node is LiteralExpressionSyntax) return root.ReplaceNode(node, SyntaxFactory.ParseExpression(code));

        // What is written now: something before the dot, and arguments.
        ExpressionSyntax? receiver = null;
        SyntaxNode written = node;
        if (node.Parent is MemberAccessExpressionSyntax access && access.Name == node) (written, receiver) = (access, access.Expression);
        else if (node.Parent is QualifiedNameSyntax) written = node.Parent;
        else if (node.Parent is InvocationExpressionSyntax) receiver = (ExpressionSyntax)node;
        List<ArgumentSyntax>? arguments = null;
        if (written.Parent is InvocationExpressionSyntax or ObjectCreationExpressionSyntax)
        {
            written = written.Parent;
            arguments = [.. written is InvocationExpressionSyntax call ? call.ArgumentList.Arguments
                : ((ObjectCreationExpressionSyntax)written).ArgumentList?.Arguments ?? []];
        }
        ExpressionSyntax right = SyntaxFactory.ParseExpression(code);
        bool assigns = right is AssignmentExpressionSyntax;
        if (assigns) right = ((AssignmentExpressionSyntax)right).Right;

        var values = new Dictionary<string, ExpressionSyntax>();
        string self = properties["Receiver"]!;
        bool keeps = properties["Parameters"] is null, ofModule = receiver is null || properties["OfModule"] is not null;
        if (keeps && right is InvocationExpressionSyntax function && !Mentions(function.Expression, self))
        {
            // A function here too: what a method is called on becomes its first argument.
            if (!ofModule && function.ArgumentList.Arguments.FirstOrDefault() is { } first && Mentions(first, self))
                arguments?.Insert(0, SyntaxFactory.Argument(receiver!.WithoutTrivia()));
        }
        else if (Mentions(right, self))
        {
            // A function of a module takes first what the method is called on here.
            if (ofModule)
            {
                if (arguments is not { Count: > 0 } || arguments[0].NameColon is not null) return null;
                receiver = arguments[0].Expression;
                arguments.RemoveAt(0);
            }
            values.Add(self, receiver!);
        }
        if (properties["Parameters"] is { } list)
        {
            string[] parameters = list.Split([','], StringSplitOptions.RemoveEmptyEntries);
            // x.Size() without its argument is the whole Shape.
            if (arguments?.Count == 0 && parameters.Length == 1 && right is ElementAccessExpressionSyntax element)
                (right, parameters) = (element.Expression, []);
            if (parameters.Length != (arguments?.Count ?? 0) || arguments?.Any(argument => argument.NameColon is not null) == true) return null;
            for (int i = 0; i < parameters.Length; i++) values.Add(parameters[i], arguments![i].Expression);
        }
        right = right.NormalizeWhitespace();
        right = right.ReplaceNodes(Variables(right).Where(variable => values.ContainsKey(variable.Identifier.ValueText)),
            (variable, _) => InPlaceOf(variable, values[variable.Identifier.ValueText]));
        if (keeps && arguments is not null)
        {
            var kept = SyntaxFactory.ArgumentList(SyntaxFactory.SeparatedList(arguments,
                Enumerable.Repeat(SyntaxFactory.Token(SyntaxKind.CommaToken).WithTrailingTrivia(SyntaxFactory.Space),
                    Math.Max(arguments.Count - 1, 0))));
            if (right is InvocationExpressionSyntax call) right = call.WithArgumentList(kept);
            else if (right is ObjectCreationExpressionSyntax creation) right = creation.WithArgumentList(kept);
            else if (arguments.Count > 0) return null;
        }
        if (written.Parent is AssignmentExpressionSyntax target && target.Left == written && right is InvocationExpressionSyntax) return null;
        if (assigns)
        {
            if (written.Parent is not ExpressionStatementSyntax || receiver is not IdentifierNameSyntax) return null;
            right = SyntaxFactory.AssignmentExpression(SyntaxKind.SimpleAssignmentExpression,
                receiver.WithoutTrivia().WithTrailingTrivia(SyntaxFactory.Space),
                SyntaxFactory.Token(SyntaxKind.EqualsToken).WithTrailingTrivia(SyntaxFactory.Space), right);
        }
        else if (right is BinaryExpressionSyntax or PrefixUnaryExpressionSyntax or CastExpressionSyntax
            && written.Parent is ExpressionSyntax and not (ParenthesizedExpressionSyntax or AssignmentExpressionSyntax or LambdaExpressionSyntax))
            right = SyntaxFactory.ParenthesizedExpression(right);
        return root.ReplaceNode(written, right.WithTriviaFrom(written));
    }

    // An argument, or a call that changes nothing here.
    private static SyntaxNode? LeaveOut(SyntaxNode root, SyntaxNode node) =>
        node.FirstAncestorOrSelf<ArgumentSyntax>() is { Parent: ArgumentListSyntax list } argument
            && (node == argument.Expression || node.Parent == argument.NameColon)
            ? root.ReplaceNode(list, list.WithArguments(list.Arguments.Remove(argument)))
        : node.Parent is MemberAccessExpressionSyntax { Parent: InvocationExpressionSyntax call } access && access.Name == node
        && call.Parent is not ExpressionStatementSyntax
            ? root.ReplaceNode(call, access.Expression.WithTriviaFrom(call)) : null;

    private static SyntaxNode Call(SyntaxNode root, BinaryExpressionSyntax binary, string method, ExpressionSyntax argument) =>
        root.ReplaceNode(binary.Parent is ParenthesizedExpressionSyntax outer ? outer : (SyntaxNode)binary, SyntaxFactory.InvocationExpression(
            SyntaxFactory.MemberAccessExpression(SyntaxKind.SimpleMemberAccessExpression,
                binary.Left is BinaryExpressionSyntax or PrefixUnaryExpressionSyntax
                    ? SyntaxFactory.ParenthesizedExpression(binary.Left.WithoutTrivia()) : binary.Left.WithoutTrivia(),
                SyntaxFactory.IdentifierName(method)),
            SyntaxFactory.ArgumentList(SyntaxFactory.SingletonSeparatedList(SyntaxFactory.Argument(argument.WithoutTrivia()))))
                .WithTriviaFrom(binary));

    private static bool Mentions(SyntaxNode code, string variable) => Variables(code).Any(name => name.Identifier.ValueText == variable);

    private static IEnumerable<IdentifierNameSyntax> Variables(SyntaxNode code) =>
        code.DescendantNodesAndSelf().OfType<IdentifierNameSyntax>()
            .Where(name => name.Parent is not NameColonSyntax && (name.Parent as MemberAccessExpressionSyntax)?.Name != name);

    private static ExpressionSyntax InPlaceOf(IdentifierNameSyntax variable, ExpressionSyntax value) =>
        (variable.Parent is ArgumentSyntax || value is IdentifierNameSyntax or LiteralExpressionSyntax or InvocationExpressionSyntax
            or MemberAccessExpressionSyntax or ElementAccessExpressionSyntax or ParenthesizedExpressionSyntax
            ? value : SyntaxFactory.ParenthesizedExpression(value.WithoutTrivia())).WithTriviaFrom(variable);
}
