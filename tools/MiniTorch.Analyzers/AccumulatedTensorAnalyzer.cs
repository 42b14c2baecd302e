using System.Collections.Immutable;
using Microsoft.CodeAnalysis;
using Microsoft.CodeAnalysis.CSharp.Syntax;
using Microsoft.CodeAnalysis.Diagnostics;
using Microsoft.CodeAnalysis.Operations;

namespace MiniTorch.Analyzers;

/// <summary>MT0003: <c>total += loss</c>, or <c>losses.Add(loss)</c>, beside <c>loss.Backward()</c>.</summary>
[DiagnosticAnalyzer(LanguageNames.CSharp)]
public sealed class AccumulatedTensorAnalyzer() : MiniTorchAnalyzer(Rules.AccumulatedTensor)
{
    private protected override void Register(CompilationStartAnalysisContext context, MiniTorchTypes types)
    {
        context.RegisterOperationAction(c =>
        {
            var sum = (ICompoundAssignmentOperation)c.Operation;
            if (sum.OperatorKind == BinaryOperatorKind.Add && MiniTorchTypes.Is(sum.Target.Type, types.Tensor))
                Check(c, sum.Target, sum.Value, types, "Item<double>()");
        }, OperationKind.CompoundAssignment);
        context.RegisterOperationAction(c =>
        {
            var assignment = (ISimpleAssignmentOperation)c.Operation;
            if (CodeShape.Bare(assignment.Value) is IBinaryOperation { OperatorKind: BinaryOperatorKind.Add } sum
                && sum.LeftOperand.Syntax.ToString() == assignment.Target.Syntax.ToString())
                Check(c, assignment.Target, sum.RightOperand, types, "Item<double>()");
        }, OperationKind.SimpleAssignment);
        context.RegisterOperationAction(c =>
        {
            var call = (IInvocationOperation)c.Operation;
            if (call.TargetMethod.Name == "Add" && call is { Instance: { } list, Arguments.Length: 1 } && HoldsTensors(list.Type, types))
                Check(c, list, call.Arguments[0].Value, types, "Detach()");
        }, OperationKind.Invocation);
    }

    private static void Check(OperationAnalysisContext c, IOperation target, IOperation value, MiniTorchTypes types, string way)
    {
        value = CodeShape.Bare(value);
        if (value is not (ILocalReferenceOperation or IParameterReferenceOperation) || !MiniTorchTypes.Is(value.Type, types.Tensor)) return;
        string name = value.Syntax.ToString();
        if (CodeShape.LoopWith(c.Operation.Syntax, "Backward", name) is not { } loop || IsDeclaredIn(target, loop)) return;
        var properties = ImmutableDictionary<string, string?>.Empty.Add("way", way);
        c.ReportDiagnostic(Diagnostic.Create(Rules.AccumulatedTensor, value.Syntax.GetLocation(), properties, target.Syntax, $"{name}.{way}"));
    }

    private static bool IsDeclaredIn(IOperation target, StatementSyntax loop) =>
        target is ILocalReferenceOperation { Local: { } local }
            && local.DeclaringSyntaxReferences.Any(reference => loop.Span.Contains(reference.Span));

    private static bool HoldsTensors(ITypeSymbol? type, MiniTorchTypes types) =>
        type is not null && type.AllInterfaces.Any(contract => contract.Name == "ICollection" && contract.TypeArguments.Length == 1
            && MiniTorchTypes.Is(contract.TypeArguments[0], types.Tensor));
}
