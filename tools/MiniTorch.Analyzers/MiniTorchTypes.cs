using Microsoft.CodeAnalysis;

namespace MiniTorch.Analyzers;

/// <summary>The library's types in a compilation; those of MiniTorch.Nn are null where only MiniTorch.Core is referred to.</summary>
internal sealed class MiniTorchTypes
{
    private MiniTorchTypes(Compilation compilation, INamedTypeSymbol tensor)
    {
        Tensor = tensor;
        Autograd = compilation.GetTypeByMetadataName("MiniTorch.Autograd");
        Module = compilation.GetTypeByMetadataName("MiniTorch.Nn.Module");
        Parameter = compilation.GetTypeByMetadataName("MiniTorch.Nn.Parameter");
        Functional = compilation.GetTypeByMetadataName("MiniTorch.Nn.Functional");
        Sequential = compilation.GetTypeByMetadataName("MiniTorch.Nn.Sequential");
        Softmax = compilation.GetTypeByMetadataName("MiniTorch.Nn.Softmax");
        CrossEntropyLoss = compilation.GetTypeByMetadataName("MiniTorch.Nn.CrossEntropyLoss");
        Optimizer = compilation.GetTypeByMetadataName("MiniTorch.Optim.Optimizer");
    }

    public INamedTypeSymbol Tensor { get; }

    public INamedTypeSymbol? Autograd { get; }

    public INamedTypeSymbol? Module { get; }

    public INamedTypeSymbol? Parameter { get; }

    public INamedTypeSymbol? Functional { get; }

    public INamedTypeSymbol? Sequential { get; }

    public INamedTypeSymbol? Softmax { get; }

    public INamedTypeSymbol? CrossEntropyLoss { get; }

    public INamedTypeSymbol? Optimizer { get; }

    /// <summary>Null where the compilation does not refer to the library.</summary>
    public static MiniTorchTypes? Of(Compilation compilation) =>
        compilation.GetTypeByMetadataName("MiniTorch.Tensor") is { } tensor ? new MiniTorchTypes(compilation, tensor) : null;

    /// <summary>Whether a type is another or derives from it; false where either is missing.</summary>
    public static bool Is(ITypeSymbol? type, INamedTypeSymbol? ancestor)
    {
        if (ancestor is null) return false;
        for (; type is not null; type = type.BaseType)
            if (SymbolEqualityComparer.Default.Equals(type.OriginalDefinition, ancestor)) return true;
        return false;
    }

    /// <summary>Whether a type is a module or a parameter.</summary>
    public bool IsState(ITypeSymbol? type) => Is(type, Module) || Is(type, Parameter);
}
