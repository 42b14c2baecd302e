using System.Runtime.CompilerServices;

namespace MiniTorch.Nn;

/// <summary>The modules that ran during a <see cref="Recording"/>.</summary>
internal sealed class RecordedModules
{
    private static readonly ConditionalWeakTable<Recording, RecordedModules> s_all = [];

    private readonly Dictionary<string, Module> _paths = [];

    /// <summary>The paths of all modules that ran, outer ones first, and the path that each ran in; empty outside.</summary>
    public List<(string Path, Module Module, string Outer)> Entered { get; } = [];

    public static RecordedModules Of(Recording recording) => s_all.GetOrCreateValue(recording);

    /// <summary>Notes that a module is called and returns its path; a second module with the same path gets <c>path 2</c>.</summary>
    public string Enter(Module module, string path, string? outer)
    {
        string chosen = path;
        for (int i = 2; !ReferenceEquals(_paths.GetValueOrDefault(chosen, module), module); i++) chosen = $"{path} {i}";
        if (_paths.TryAdd(chosen, module)) Entered.Add((chosen, module, outer ?? ""));
        return chosen;
    }
}
