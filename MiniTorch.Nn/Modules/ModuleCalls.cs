namespace MiniTorch.Nn;

/// <summary>Tells the engine which module's Forward runs on this thread, by its path below the outermost one, while calls are traced.</summary>
internal static class ModuleCalls
{
    [ThreadStatic]
    private static Stack<(Module Module, string? OuterPath)>? t_open;

    public static void Enter(Module module)
    {
        Stack<(Module Module, string? OuterPath)> open = t_open ??= new();
        Module root = open.Count == 0 ? module : open.Last().Module; // a stack begins with its top
        string path = root.NamedModules().FirstOrDefault(candidate => ReferenceEquals(candidate.Value, module)) is (string name, not null)
            ? ModuleMembers.Join(root.TypeName, name)
            : ModuleMembers.Join(Trace.Module ?? "", module.TypeName); // made inside Forward
        open.Push((module, Trace.Module));
        Trace.Module = Recording.Open is { } recording ? RecordedModules.Of(recording).Enter(module, path, Trace.Module) : path;
    }

    /// <summary>The module has returned; in a recording its output is called as it is, unless the output has a name already.</summary>
    public static void Leave(Module module, object? output)
    {
        if (Recording.Open is { } recording && output is Tensor tensor && ModuleMembers.BelowRoot(Trace.Module ?? "") is { Length: > 0 } name)
            recording.Names.TryAdd(tensor, char.IsDigit(name[0]) ? ModuleMembers.SnakeCase(module.TypeName) + name : name);
        Leave(module);
    }

    /// <summary>The module has returned or failed; nothing happens where its call was not traced.</summary>
    public static void Leave(Module module)
    {
        if (t_open is { Count: > 0 } open && ReferenceEquals(open.Peek().Module, module)) Trace.Module = open.Pop().OuterPath;
    }
}
