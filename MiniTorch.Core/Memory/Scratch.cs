namespace MiniTorch.Kernels;

/// <summary>
/// Aligned native memory from the pool for one kernel call. Keep it in a [ThreadStatic] field, one for each purpose. The thread keeps up to
/// <see cref="MostKept"/> bytes for its next call; the pool reclaims them after the thread has ended.
/// </summary>
internal sealed unsafe class Scratch
{
    /// <summary>The maximum number of bytes that a thread keeps between two calls.</summary>
    public const long MostKept = 1 << 20;

    NativeBuffer? _buffer;

    /// <summary>
    /// Rents memory for <paramref name="count"/> elements with undefined content. It is valid until the next call for the same scratch or its <see
    /// cref="Return"/>.
    /// </summary>
    public static T* Rent<T>(ref Scratch? scratch, long count)
        where T : unmanaged => (T*)(scratch ??= new Scratch()).AtLeast(checked(count * sizeof(T)));

    /// <summary>
    /// Returns the memory to the pool if it exceeds <see cref="MostKept"/>. A kernel that may rent more than that must call it at the end.
    /// </summary>
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
        GC.KeepAlive(this); // otherwise a sweep on another thread could reclaim the buffer at the same time
    }
}
