namespace MiniTorch.Nn;

/// <summary>Tells the open recording which module runs, by its path below a root's name, until it is disposed of.</summary>
internal sealed class ModuleWatch : IDisposable
{
    private readonly List<IDisposable> _hooks = [];

    public ModuleWatch(Module model, string root)
    {
        foreach ((string name, Module module) in model.NamedModules())
        {
            string path = ModuleMembers.Join(root, name);
            _hooks.Add(module.RegisterForwardPreHook((_, _) => Recording.Enter(path)));
            _hooks.Add(module.RegisterForwardHook((_, _, _) => Recording.Leave()));
        }
    }

    public void Dispose()
    {
        foreach (IDisposable hook in _hooks) hook.Dispose();
    }
}
