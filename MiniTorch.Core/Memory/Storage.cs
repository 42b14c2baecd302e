using System.Runtime.CompilerServices;

namespace MiniTorch;

/// <summary>
/// The memory under one or several tensors. Up to 64 bytes are fields of the object; more lie in a pooled, 64-byte aligned native buffer.
/// </summary>
/// <remarks>
/// Nobody disposes of a storage. One that a user may hold is reclaimed by <see cref="BufferPool"/> once it is unreachable; one that only the
/// engine can hold (<see cref="NativeStorage.EngineOwned"/>) is counted and returned at once.
/// </remarks>
internal abstract class Storage(DType dtype)
{
    /// <summary>How often an in-place operation has written here; saved tensors compare it at backward.</summary>
    public int Version { get; private set; }

    /// <summary>The operation that wrote here last, and where it was called if calls are traced.</summary>
    public string? Writer { get; private set; }

    public DType DType { get; } = dtype;

    /// <summary>Makes all storages, where a test wants them between protected pages.</summary>
    public static Func<DType, long, Storage>? Substitute { get; set; }

    /// <summary>Notes a write. Nothing that may have been saved is written without it.</summary>
    public void Wrote(string op)
    {
        Version++;
        Writer = Trace.On && Trace.CallerLine() is { } line ? $"{op} at {line}" : op;
    }

    /// <summary>The first byte. Whoever keeps a pointer to it keeps this object alive and pinned.</summary>
    public abstract ref byte Data { get; }

    /// <summary>Says that a user can see it from now on: only the garbage collector decides about it.</summary>
    public virtual void MarkShared() { }

    /// <summary>One more gradient slot holds it.</summary>
    public virtual void AddRef() { }

    /// <summary>One gradient slot less; the last one returns the buffer.</summary>
    public virtual void Release() { }

    /// <summary>Memory for <paramref name="count"/> elements, with undefined content.</summary>
    public static Storage Allocate(DType dtype, long count)
    {
        if (count > long.MaxValue / 8) throw new ShapeException($"{count} elements of {dtype} pass the address space");
        if (Substitute is { } substitute) return substitute(dtype, count);
        long bytes = count * dtype.Size();
        return bytes <= 8 ? new Inline8(dtype) : bytes <= 64 ? new Inline64(dtype) : new NativeStorage(dtype, bytes);
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

    /// <summary>True while no user can hold a tensor on it, so that <see cref="ReleaseIfUnheld"/> may return it at once.</summary>
    public bool EngineOwned { get; private set; }

    public override ref byte Data => ref *(_data != null ? _data : throw Returned());

    /// <summary>How many gradient slots hold it. Slots of several threads may: a leaf's gradient belongs to all who train it.</summary>
    public int Holders => Volatile.Read(ref _holders);

    /// <summary>Whether one gradient slot alone holds it, so that its content may be written over or handed on.</summary>
    public bool HeldOnce => EngineOwned && Holders == 1;

    /// <summary>Says that only the engine will see this storage.</summary>
    public void TakeOwnership() => EngineOwned = true;

    public override void MarkShared() => EngineOwned = false;

    public override void AddRef() => Interlocked.Increment(ref _holders);

    public override void Release()
    {
        Interlocked.Decrement(ref _holders);
        ReleaseIfUnheld();
    }

    /// <summary>Returns the buffer if it is the engine's own and no slot holds it.</summary>
    public void ReleaseIfUnheld()
    {
        if (Holders > 0 || !EngineOwned || Interlocked.Exchange(ref _returned, 1) != 0) return;
        _data = null;
        BufferPool.Return(_buffer);
        GC.KeepAlive(this); // another thread's sweep, while this one waits for the pool, would take the buffer back too
    }

    private static InvalidOperationException Returned() =>
        new("MiniTorch internal error: a tensor's memory was used after the engine returned it; please report how to reproduce it");
}
