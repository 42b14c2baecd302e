namespace MiniTorch.Nn;

/// <summary>
/// Reports to the engine, while calls are traced, which module's Forward runs on this thread, by its path below the outermost module.
/// </summary>
internal static class ModuleCalls
{
    [ThreadStatic]
    private static Stack<(Module Module, string? OuterPath)>? t_open;

    public static void Enter(Module module)
    {
        Stack<(Module Module, string? OuterPath)> open = t_open ??= new();
        Module root = open.Count == 0 ? module : open.Last().Module; // a Stack enumerates from its top
        Profiling? profile = Profiling.Open;
        string path = profile is null ? PathOf(module, root) : profile.Paths.TryGetValue((root, module), out string? known) ? known
            : profile.Paths[(root, module)] = PathOf(module, root); // a walk over the model costs more than a small module's Forward
        open.Push((module, Trace.Module));
        Trace.Module = Recording.Open is { } recording ? RecordedModules.Of(recording).Enter(module, path, Trace.Module) : path;
        profile?.BeginModule();
    }

    private static string PathOf(Module module, Module root) =>
        root.NamedModules().FirstOrDefault(candidate => ReferenceEquals(candidate.Value, module)) is (string name, not null)
            ? ModuleMembers.Join(root.TypeName, name)
            : ModuleMembers.Join(Trace.Module ?? "", module.TypeName); // a module that was created inside Forward

    /// <summary>Marks that the module has returned; in a recording the output is named after the module, unless it has a name.</summary>
    public static void Leave(Module module, object? output)
    {
        if (Recording.Open is { } recording && output is Tensor tensor && ModuleMembers.BelowRoot(Trace.Module ?? "") is { Length: > 0 } name)
            recording.Names.TryAdd(tensor, char.IsDigit(name[0]) ? ModuleMembers.SnakeCase(module.TypeName) + name : name);
        Leave(module);
    }

    /// <summary>Marks that the module has returned or thrown; does nothing if its call was not traced.</summary>
    public static void Leave(Module module)
    {
        if (t_open is not { Count: > 0 } open || !ReferenceEquals(open.Peek().Module, module)) return;
        Profiling.Open?.EndModule();
        Trace.Module = open.Pop().OuterPath;
    }
}
