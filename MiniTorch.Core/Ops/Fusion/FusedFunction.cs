namespace MiniTorch.Ops;

/// <summary>A function that runs at every call, and the programs that it was so far.</summary>
internal sealed class FusedFunction(Func<Tensor[], Tensor> function)
{
    // One for each shape, mode and number that the function makes a difference for.
    private const int MostPrograms = 8;

    private FusedOp[] _programs = [];

    public Tensor Call(params Tensor[] arguments)
    {
        DType dtype = Array.Find(arguments, argument => argument.DType.IsFloat())?.DType ?? DType.Int64;
        bool isPlain = !dtype.IsFloat() || !EngineMode.CanDefer || FuseTrace.Open is not null
            || Array.Exists(arguments, argument => (argument.DType.IsFloat() && argument.DType != dtype) || argument.Dual is not null);
        if (isPlain) return function(arguments);
        using var trace = new FuseTrace(dtype);
        return trace.End(function(arguments), this);
    }

    /// <summary>A program that was compiled before, or else is now. Threads that miss each other's programs compile them twice.</summary>
    public TProgram Find<TProgram>(Func<TProgram, bool> isWanted, Func<TProgram> make) where TProgram : FusedOp
    {
        FusedOp[] known = _programs;
        foreach (FusedOp program in known)
            if (program is TProgram candidate && isWanted(candidate)) return candidate;
        TProgram made = make();
        _programs = [made, .. known.AsSpan(0, Math.Min(known.Length, MostPrograms - 1))];
        return made;
    }
}
