using System.Runtime.CompilerServices;

namespace MiniTorch;

/// <summary>
/// The memory of one or several tensors. Up to 64 bytes are fields of the object; larger storages use a pooled native buffer, aligned to 64 bytes.
/// </summary>
/// <remarks>
/// A storage is not disposed of. <see cref="BufferPool"/> reclaims a storage that a user may hold once it is unreachable; a storage that only the
/// engine can hold (<see cref="NativeStorage.EngineOwned"/>) is reference-counted and returned at once.
/// </remarks>
internal abstract class Storage(DType dtype)
{
    /// <summary>The number of in-place writes. The backward pass compares it with the number at which a tensor was saved.</summary>
    public int Version { get; private set; }

    /// <summary>The operation that wrote to this storage last, with the line that called it if calls are traced.</summary>
    public string? Writer { get; private set; }

    public DType DType { get; } = dtype;

    /// <summary>Replaces the allocation of storages in tests, such as by memory between protected pages.</summary>
    public static Func<DType, long, Storage>? Substitute { get; set; }

    /// <summary>Records a write. Every write to memory that may have been saved for backward must call it.</summary>
    public void Wrote(string op)
    {
        Version++;
        Writer = Trace.On && Trace.CallerLine() is { } line ? $"{op} at {line}" : op;
    }

    /// <summary>The first byte. The caller must keep this object alive and pinned while it uses a pointer.</summary>
    public abstract ref byte Data { get; }

    /// <summary>Why a debugger must not read the elements; null if it may.</summary>
    public virtual string? WhyUnreadable => null;

    /// <summary>Marks the storage as visible to users; from now on only the garbage collector reclaims it.</summary>
    public virtual void MarkShared() { }

    /// <summary>Counts one more gradient slot that holds the storage.</summary>
    public virtual void AddRef() { }

    /// <summary>Counts one gradient slot less; the last release returns the buffer.</summary>
    public virtual void Release() { }

    /// <summary>Allocates memory for <paramref name="count"/> elements, with undefined content.</summary>
    public static Storage Allocate(DType dtype, long count)
    {
        if (count > long.MaxValue / 8) throw new ShapeException($"{count} elements of {dtype} exceed the address space");
        if (Substitute is { } substitute) return substitute(dtype, count);
        long bytes = count * dtype.Size();
        if (bytes <= 64) return bytes <= 8 ? new Inline8(dtype) : new Inline64(dtype);
        BufferPool.MakeRoomFor(bytes);
        return new NativeStorage(dtype, bytes);
    }

    private sealed class Inline8(DType dtype) : Storage(dtype)
    {
        private long _bytes;

        public override ref byte Data => ref Unsafe.As<long, byte>(ref _bytes);
    }

    private sealed class Inline64(DType dtype) : Storage(dtype)
    {
        private Bytes _bytes;

        public override ref byte Data => ref Unsafe.As<Bytes, byte>(ref _bytes);

        [InlineArray(8)]
        private struct Bytes
        {
            private long _first;
        }
    }
}

/// <summary>A storage in a pooled native buffer.</summary>
internal sealed unsafe class NativeStorage : Storage
{
    private readonly NativeBuffer _buffer;
    private byte* _data;
    private int _holders, _returned;

    public NativeStorage(DType dtype, long bytes) : base(dtype)
    {
        _buffer = BufferPool.Rent(bytes, this);
        _data = _buffer.Data;
        EngineScope.Register(this);
    }

    /// <summary>Whether no user can hold a tensor with this storage, so that <see cref="ReleaseIfUnheld"/> may return it at once.</summary>
    public bool EngineOwned { get; private set; }

    public override ref byte Data => ref *(_data != null ? _data : throw Returned());

    public override string? WhyUnreadable => _data == null ? "its memory was returned" : null;

    /// <summary>
    /// The number of gradient slots that hold it. They can belong to several threads, because threads that train one model share its gradients.
    /// </summary>
    public int Holders => Volatile.Read(ref _holders);

    /// <summary>Whether only one gradient slot holds it, so that its content may be overwritten or passed on.</summary>
    public bool HeldOnce => EngineOwned && Holders == 1;

    /// <summary>Marks the storage as visible only to the engine.</summary>
    public void TakeOwnership() => EngineOwned = true;

    public override void MarkShared() => EngineOwned = false;

    public override void AddRef() => Interlocked.Increment(ref _holders);

    public override void Release()
    {
        Interlocked.Decrement(ref _holders);
        ReleaseIfUnheld();
    }

    /// <summary>Returns the buffer if the engine owns it and no gradient slot holds it.</summary>
    public void ReleaseIfUnheld()
    {
        if (Holders > 0 || !EngineOwned || Interlocked.Exchange(ref _returned, 1) != 0) return;
        _data = null;
        BufferPool.Return(_buffer);
        GC.KeepAlive(this); // otherwise a sweep on another thread could reclaim the buffer at the same time
    }

    private static InvalidOperationException Returned() =>
        new("MiniTorch internal error: a tensor's memory was used after the engine returned it; please report how to reproduce it");
}
