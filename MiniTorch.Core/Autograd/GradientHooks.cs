namespace MiniTorch;

/// <summary>What happens to a tensor's gradient before it is used and, for a leaf, after it was added to Grad.</summary>
internal sealed class GradientHooks
{
    private static int s_ofLeaves;

    private readonly HookList<SlotHook> _before = new();
    private readonly HookList<Action> _after = new();

    /// <summary>Whether any leaf has hooks. Then a pass counts the gradients that such a leaf receives.</summary>
    public static bool LeavesHaveAny => Volatile.Read(ref s_ofLeaves) > 0;

    public bool IsEmpty => _before.IsEmpty && _after.IsEmpty;

    public static IDisposable Add(Node node, int slot, Func<Tensor, Tensor?> hook) => Counted(node, node.EnsureHooks()._before.Add(new(slot, hook)));

    public static IDisposable AddAfter(LeafNode leaf, Action hook) => Counted(leaf, leaf.EnsureHooks()._after.Add(hook));

    /// <summary>Passes the gradient of an output through the hooks.</summary>
    public Tensor Replace(int slot, Tensor gradient)
    {
        foreach (SlotHook hook in _before.Now)
            if (hook.Slot == slot) gradient = Replace("RegisterHook", gradient, hook.Function);
        return gradient;
    }

    /// <summary>Calls the hooks of a leaf whose Grad is complete.</summary>
    public void Accumulated()
    {
        foreach (Action hook in _after.Now) hook();
    }

    /// <summary>
    /// Returns what a hook makes of a gradient: another tensor of the same shape and dtype, or the gradient itself if it returns null.
    /// </summary>
    public static Tensor Replace(string op, Tensor gradient, Func<Tensor, Tensor?> hook)
    {
        gradient.Storage.MarkShared();
        int version = gradient.Storage.Version;
        Tensor given = hook(gradient) ?? gradient;
        if (gradient.Storage.Version != version)
            throw new GraphException($"{op}: the hook wrote to the gradient that it received, which other gradients may share; return a new tensor");
        if (given.Shape != gradient.Shape)
            throw new ShapeException($"{op}: the hook returned a gradient of shape {given.Shape} for a tensor of shape {gradient.Shape}");
        if (given.DType != gradient.DType)
            throw new DTypeException($"{op}: the hook returned a gradient of {given.DType} for a tensor of {gradient.DType}; convert it with To");
        return given;
    }

    private static IDisposable Counted(Node node, IDisposable added)
    {
        if (node is not LeafNode) return added;
        Interlocked.Increment(ref s_ofLeaves);
        return new DisposableAction(() =>
        {
            added.Dispose();
            Interlocked.Decrement(ref s_ofLeaves);
        });
    }

    private sealed record SlotHook(int Slot, Func<Tensor, Tensor?> Function);
}
