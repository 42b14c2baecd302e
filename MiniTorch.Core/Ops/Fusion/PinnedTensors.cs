namespace MiniTorch.Ops;

/// <summary>Pins any number of tensors.</summary>
internal static unsafe class PinnedTensors
{
    /// <summary>What is done with the first elements of pinned tensors.</summary>
    public delegate void Use(byte** data);

    /// <summary>Calls a function with the first elements of the tensors, in their order; that of null is null.</summary>
    public static void Run(Tensor?[] tensors, Use use)
    {
        byte** data = stackalloc byte*[tensors.Length];
        Pin(0);
        GC.KeepAlive(tensors);

        // As many tensors as there are stack frames.
        void Pin(int next)
        {
            if (next == tensors.Length) use(data);
            else
                fixed (byte* first = &KernelCall.DataOf(tensors[next]))
                {
                    data[next] = first;
                    Pin(next + 1);
                }
        }
    }
}
