using System.Runtime.InteropServices;

namespace MiniTorch.Tests.Kernels;

/// <summary>Memory between two pages that may not be touched: a kernel that reads or writes one element too far crashes the test run.</summary>
internal sealed unsafe class GuardedBuffer<T> : IDisposable
    where T : unmanaged
{
    const int ReadWrite = 3, PrivateAnonymous = 0x22, NoAccess = 0;

    readonly nint _map;
    readonly nuint _mapBytes;
    readonly bool _isMapped = OperatingSystem.IsLinux();

    /// <summary>Room for <paramref name="length"/> elements that end (or, if asked, begin) at a forbidden page.</summary>
    public GuardedBuffer(int length, bool atStart = false)
    {
        nuint page = (nuint)Environment.SystemPageSize, bytes = (nuint)(length * sizeof(T));
        nuint inside = (bytes + page - 1) / page * page;
        _mapBytes = inside + (2 * page);
        _map = _isMapped ? Pages.Map(0, _mapBytes, ReadWrite, PrivateAnonymous, -1, 0) : (nint)NativeMemory.AllocZeroed(_mapBytes);
        if (_map == -1) throw new InvalidOperationException("mmap failed");
        if (_isMapped && (Pages.Protect(_map, page, NoAccess) | Pages.Protect(_map + (nint)(page + inside), page, NoAccess)) != 0)
            throw new InvalidOperationException("mprotect failed");
        Data = (T*)(_map + (nint)(atStart ? page : page + inside - bytes));
        Length = length;
    }

    /// <summary>The first element.</summary>
    public T* Data { get; }

    /// <summary>Number of elements.</summary>
    public int Length { get; }

    public Span<T> Span => new(Data, Length);

    public void Dispose()
    {
        if (_isMapped) _ = Pages.Unmap(_map, _mapBytes);
        else NativeMemory.Free((void*)_map);
    }
}

/// <summary>The system calls that map and protect pages.</summary>
internal static partial class Pages
{
    [LibraryImport("libc", EntryPoint = "mmap")]
    public static partial nint Map(nint address, nuint length, int protection, int flags, int file, nint offset);

    [LibraryImport("libc", EntryPoint = "mprotect")]
    public static partial int Protect(nint address, nuint length, int protection);

    [LibraryImport("libc", EntryPoint = "munmap")]
    public static partial int Unmap(nint address, nuint length);
}
