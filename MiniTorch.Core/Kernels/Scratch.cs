using System.Runtime.InteropServices;

namespace MiniTorch.Kernels;

/// <summary>
/// Aligned native memory that one thread reuses from call to call. Keep it in a [ThreadStatic] field, one for each purpose: that field keeps it
/// alive while its thread lives, and the finaliser frees it afterwards.
/// </summary>
internal sealed unsafe class Scratch
{
    const nuint Alignment = 64;

    void* _memory;
    long _capacity;

    ~Scratch() => NativeMemory.AlignedFree(_memory);

    /// <summary>Room for <paramref name="count"/> elements with any contents, valid until the next call for the same scratch.</summary>
    public static T* Rent<T>(ref Scratch? scratch, long count)
        where T : unmanaged => (T*)(scratch ??= new Scratch()).AtLeast(checked(count * sizeof(T)));

    void* AtLeast(long bytes)
    {
        if (bytes > _capacity)
        {
            NativeMemory.AlignedFree(_memory);
            _memory = null;
            _capacity = 0;
            _memory = NativeMemory.AlignedAlloc((nuint)bytes, Alignment);
            _capacity = bytes;
        }

        return _memory;
    }
}
