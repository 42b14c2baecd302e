using System.Collections.Immutable;
using Microsoft.CodeAnalysis;
using Microsoft.CodeAnalysis.Diagnostics;

namespace MiniTorch.Analyzers;

/// <summary>An analyzer of one rule or several, for compilations that refer to the library.</summary>
public abstract class MiniTorchAnalyzer : DiagnosticAnalyzer
{
    private protected MiniTorchAnalyzer(params DiagnosticDescriptor[] rules)
    {
        SupportedDiagnostics = [.. rules];
    }

    /// <inheritdoc/>
    public sealed override ImmutableArray<DiagnosticDescriptor> SupportedDiagnostics { get; }

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
