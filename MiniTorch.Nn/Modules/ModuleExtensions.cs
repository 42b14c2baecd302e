namespace MiniTorch.Nn;

/// <summary>Methods of modules that return the module's own type.</summary>
public static class ModuleExtensions
{
    /// <summary>
    /// Returns a deep copy of a module, with parameters, buffers, submodules and generators of its own (copy.deepcopy in Python). Weights that are
    /// tied in the module are tied in the copy; gradients and hooks are not copied.
    /// </summary>
    /// <remarks>
    /// Arrays and collections in fields are copied, and so are objects that hold modules or tensors. Delegates and all other objects are shared: a
    /// lambda that reads the module's fields still reads those of the original.
    /// </remarks>
    /// <example><code>
    /// Sequential teacher = model.Copy();
    /// </code></example>
    public static T Copy<T>(this T module) where T : Module
    {
        ArgumentNullException.ThrowIfNull(module);
        return (T)new ModuleCopy().Of(module)!;
    }
}
