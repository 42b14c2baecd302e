using System.Collections.Immutable;
using Microsoft.CodeAnalysis;
using Microsoft.CodeAnalysis.Diagnostics;

namespace MiniTorch.Analyzers;

/// <summary>An analyzer of one rule, for compilations that refer to the library.</summary>
public abstract class MiniTorchAnalyzer : DiagnosticAnalyzer
{
    private readonly DiagnosticDescriptor _rule;

    private protected MiniTorchAnalyzer(DiagnosticDescriptor rule)
    {
        _rule = rule;
    }

    /// <inheritdoc/>
    public sealed override ImmutableArray<DiagnosticDescriptor> SupportedDiagnostics => [_rule];

    /// <inheritdoc/>
    public sealed override void Initialize(AnalysisContext context)
    {
        context.ConfigureGeneratedCodeAnalysis(GeneratedCodeAnalysisFlags.None);
        context.EnableConcurrentExecution();
        context.RegisterCompilationStartAction(start =>
        {
            if (MiniTorchTypes.Of(start.Compilation) is { } types) Register(start, types);
        });
    }

    /// <summary>Registers what looks for slips.</summary>
    private protected abstract void Register(CompilationStartAnalysisContext context, MiniTorchTypes types);
}
