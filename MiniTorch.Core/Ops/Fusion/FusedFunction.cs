namespace MiniTorch.Ops;

/// <summary>A function that runs at every call, and the programs that it was so far.</summary>
internal sealed class FusedFunction(Func<Tensor[], Tensor> function)
{
    // One for each shape, mode and number that the function makes a difference for.
    private const int MostPrograms = 8;

    private FusedElementwise[] _programs = [];

    public Tensor Call(params Tensor[] arguments)
    {
        DType dtype = arguments[0].DType;
        bool isPlain = !dtype.IsFloat() || !EngineMode.CanDefer || FuseTrace.Open is not null
            || Array.Exists(arguments, argument => argument.DType != dtype || argument.Dual is not null);
        if (isPlain) return function(arguments);
        using var trace = new FuseTrace(dtype);
        return trace.End(function(arguments), this);
    }

    /// <summary>A program that was compiled before, or else is now. Threads that miss each other's programs compile them twice.</summary>
    public FusedElementwise Find(FusedCall[] calls, int leaves, DType real)
    {
        FusedElementwise[] known = _programs;
        foreach (FusedElementwise program in known)
            if (program.Is(calls, leaves, real)) return program;
        var made = new FusedElementwise(calls, leaves, real);
        _programs = [made, .. known.AsSpan(0, Math.Min(known.Length, MostPrograms - 1))];
        return made;
    }
}
