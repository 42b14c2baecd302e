using Microsoft.CodeAnalysis;
using Microsoft.CodeAnalysis.CSharp.Syntax;
using Microsoft.CodeAnalysis.Diagnostics;
using Microsoft.CodeAnalysis.Operations;

namespace MiniTorch.Analyzers;

/// <summary>MT0006: cross-entropy of probabilities instead of logits.</summary>
[DiagnosticAnalyzer(LanguageNames.CSharp)]
public sealed class SoftmaxBeforeCrossEntropyAnalyzer() : MiniTorchAnalyzer(Rules.SoftmaxBeforeCrossEntropy)
{
    private protected override void Register(CompilationStartAnalysisContext context, MiniTorchTypes types) => context.RegisterOperationAction(c =>
    {
        var call = (IInvocationOperation)c.Operation;
        if (call.Arguments.Length > 0 && IsCrossEntropy(call, types)
            && call.Arguments.FirstOrDefault(argument => argument.Parameter?.Ordinal == 0) is { } logits
            && Softmax(logits.Value, types) is { } softmax)
            c.ReportDiagnostic(Diagnostic.Create(Rules.SoftmaxBeforeCrossEntropy, softmax.GetLocation()));
    }, OperationKind.Invocation);

    private static bool IsCrossEntropy(IInvocationOperation call, MiniTorchTypes types) =>
        (call.TargetMethod.Name == "Call" && MiniTorchTypes.Is(call.Instance?.Type, types.CrossEntropyLoss))
        || (call.TargetMethod.Name == "CrossEntropy" && MiniTorchTypes.Is(call.TargetMethod.ContainingType, types.Functional));

    /// <summary>The Softmax that a value comes out of, directly, through a local, or as a model's last layer.</summary>
    private static SyntaxNode? Softmax(IOperation value, MiniTorchTypes types)
    {
        value = CodeShape.Bare(value);
        if (value is ILocalReferenceOperation { Local: { } local } && CodeShape.Declarator(local)?.Initializer?.Value is { } first
            && IsNeverAssigned(value, local.Name))
            return value.SemanticModel!.GetOperation(first) is { } origin ? Softmax(origin, types) : null;
        if (value is not IInvocationOperation { Instance: { } instance } call) return null;
        if (call.TargetMethod.Name == "Softmax" && MiniTorchTypes.Is(instance.Type, types.Tensor)) return call.Syntax;
        if (call.TargetMethod.Name != "Call") return null;
        if (MiniTorchTypes.Is(instance.Type, types.Softmax)) return call.Syntax;
        return MiniTorchTypes.Is(instance.Type, types.Sequential) ? LastLayer(instance) : ForwardEndsWithSoftmax(instance.Type!) ? call.Syntax : null;
    }

    private static bool IsNeverAssigned(IOperation use, string name) =>
        CodeShape.InFunction(use.Syntax).Last().DescendantNodes().OfType<AssignmentExpressionSyntax>()
            .All(assignment => assignment.Left.ToString() != name);

    private static ObjectCreationExpressionSyntax? LastLayer(IOperation model)
    {
        ISymbol? symbol = model switch { ILocalReferenceOperation local => local.Local, IFieldReferenceOperation field => field.Field, _ => null };
        SyntaxNode? creation = symbol is null ? model.Syntax : CodeShape.Declarator(symbol)?.Initializer?.Value;
        return creation is BaseObjectCreationExpressionSyntax { ArgumentList.Arguments: { Count: > 0 } layers }
            && layers.Last().Expression is ObjectCreationExpressionSyntax { Type: IdentifierNameSyntax { Identifier.ValueText: "Softmax" } } last
            ? last : null;
    }

    private static bool ForwardEndsWithSoftmax(ITypeSymbol model)
    {
        SyntaxNode? forward = model.GetMembers("Forward").FirstOrDefault()?.DeclaringSyntaxReferences.FirstOrDefault()?.GetSyntax();
        ExpressionSyntax? result = forward is not MethodDeclarationSyntax method ? null
            : method.ExpressionBody?.Expression ?? method.Body?.Statements.OfType<ReturnStatementSyntax>().LastOrDefault()?.Expression;
        return result is InvocationExpressionSyntax { Expression: MemberAccessExpressionSyntax { Name.Identifier.ValueText: "Softmax" } };
    }
}
