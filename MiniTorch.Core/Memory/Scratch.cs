namespace MiniTorch.Kernels;

/// <summary>
/// Aligned native memory for one kernel call, from the pool and counted there. Keep it in a [ThreadStatic] field, one for each purpose: up to
/// <see cref="MostKept"/> bytes stay with the thread for its next call, and the pool reclaims them after the thread has ended.
/// </summary>
internal sealed unsafe class Scratch
{
    /// <summary>A thread keeps no more bytes than this between two calls.</summary>
    public const long MostKept = 1 << 20;

    NativeBuffer? _buffer;

    /// <summary>Room for <paramref name="count"/> elements with any contents, valid until the next call for the same scratch or its <see cref="Return"/>.</summary>
    public static T* Rent<T>(ref Scratch? scratch, long count)
        where T : unmanaged => (T*)(scratch ??= new Scratch()).AtLeast(checked(count * sizeof(T)));

    /// <summary>Gives the memory back to the pool if it is too much to keep. Whoever may rent more than <see cref="MostKept"/> calls it when done.</summary>
    public static void Return(ref Scratch? scratch)
    {
        if (scratch?._buffer?.Asked > MostKept) scratch.Release();
    }

    void* AtLeast(long bytes)
    {
        if (_buffer is null || bytes > _buffer.Asked)
        {
            Release();
            _buffer = BufferPool.Rent(bytes, this);
        }

        return _buffer.Data;
    }

    void Release()
    {
        if (_buffer is not { } buffer) return;
        _buffer = null;
        BufferPool.Return(buffer);
        GC.KeepAlive(this); // a sweep on another thread would take the buffer back too
    }
}
