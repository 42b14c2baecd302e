using System.Numerics;
using System.Runtime.InteropServices;

namespace MiniTorch;

/// <summary>A native block that lives as long as the pool and serves one owner after another: a storage or a kernel's scratch memory.</summary>
internal sealed unsafe class NativeBuffer(byte* data, long capacity, int sizeClass)
{
    /// <summary>
    /// Tells, without keeping it alive, whether the owner that rented the block still exists; one handle for the block's whole life. It tracks resurrection:
    /// an owner that a finaliser can still reach, and may use or keep, exists.
    /// </summary>
    public readonly WeakGCHandle<object> Owner = new(null!, trackResurrection: true);

    public byte* Data { get; } = data;

    public long Capacity { get; } = capacity;

    public int SizeClass { get; } = sizeClass;

    /// <summary>The bytes that were asked for, of which there are up to a quarter more.</summary>
    public long Asked { get; set; }

    /// <summary>Whether a kernel's scratch memory rented it, not a storage.</summary>
    public bool IsScratch { get; set; }

    /// <summary>The place in the list of rented blocks.</summary>
    public int Place { get; set; }

    /// <summary>The next block in its free list.</summary>
    public NativeBuffer? Next { get; set; }
}

/// <summary>
/// Native memory for storages: free lists by size class, and reclaim of blocks whose storage is unreachable. A collection of the young generation
/// is asked for only when the blocks out on rent pass a budget (1.3 × what was live, at least 64 MB); unreachable storages are then found by weak handles.
/// </summary>
/// <remarks>Measured against finalisers and against the garbage collector's own large-object heap in docs/adr/0002-memory.md.</remarks>
internal static unsafe class BufferPool
{
    private const long Floor = 64L << 20;
    private const int Alignment = 64;
    private const double Headroom = 1.3;

    // A collection takes 60 to 250 µs. Tensors of a few MB that pass through 64 MB of blocks are written to memory, through 16 MB to the cache, 2.5 times as fast.
    private const long WorthSweeping = 8L << 20;
    private static readonly long s_machineBytes = GC.GetGCMemoryInfo().TotalAvailableMemoryBytes;
    private static readonly Lock s_gate = new();
    private static readonly NativeBuffer?[] s_free = new NativeBuffer?[64 * 4];
    private static NativeBuffer[] s_rented = new NativeBuffer[256];
    private static int s_rentedCount;
    private static int s_aged; // the generation to which collections within a pass have moved its storages
    private static long s_rentedBytes, s_scratchBytes, s_freeBytes, s_peakBytes, s_liveBytes, s_budget = Floor; // live: what the last sweep left

    static BufferPool() => _ = new Sweeper();

    /// <summary>Bytes in blocks that storages and kernels hold now, those not yet found unreachable included.</summary>
    public static long RentedBytes { get { lock (s_gate) return s_rentedBytes; } }

    /// <summary>Bytes of <see cref="RentedBytes"/> that are scratch memory of kernels.</summary>
    public static long ScratchBytes { get { lock (s_gate) return s_scratchBytes; } }

    /// <summary>Bytes in blocks that wait for the next owner.</summary>
    public static long FreeBytes { get { lock (s_gate) return s_freeBytes; } }

    /// <summary>A block of at least <paramref name="bytes"/> bytes, with undefined content.</summary>
    public static NativeBuffer Rent(long bytes, object owner)
    {
        (int sizeClass, long capacity) = ClassOf(bytes);
        using (Uninterrupted.Enter(s_gate))
        {
            if (s_rentedBytes + capacity > s_budget) MakeRoom(capacity, sizeClass);
            NativeBuffer buffer = s_free[sizeClass] ?? Allocate(capacity, sizeClass);
            if (s_free[sizeClass] is not null)
            {
                s_free[sizeClass] = buffer.Next;
                buffer.Next = null;
                s_freeBytes -= capacity;
            }
            buffer.Owner.SetTarget(owner);
            buffer.Asked = bytes;
            buffer.IsScratch = owner is Kernels.Scratch;
            if (buffer.IsScratch) s_scratchBytes += capacity;
            if (MemoryCheck.On) MemoryCheck.GoesOut(buffer.Data, capacity, bytes);
            if (s_rentedCount == s_rented.Length) Array.Resize(ref s_rented, s_rentedCount * 2);
            buffer.Place = s_rentedCount;
            s_rented[s_rentedCount++] = buffer;
            s_rentedBytes += capacity;
            s_peakBytes = Math.Max(s_peakBytes, s_rentedBytes);
            return buffer;
        }
    }

    /// <summary>Takes back a block whose owner is done with it.</summary>
    public static void Return(NativeBuffer buffer)
    {
        using (Uninterrupted.Enter(s_gate)) Reclaim(buffer);
    }

    /// <summary>After a backward pass little is live beside the parameters: the cheapest moment to look for unreachable storages, if there may be enough of them.</summary>
    public static void SweepAtLowWater()
    {
        bool isBusy = Volatile.Read(ref s_rentedBytes) > s_liveBytes + WorthSweeping;
        if (!isBusy && s_budget == Floor) return;
        using (Uninterrupted.Enter(s_gate))
        {
            LowerBudget();
            if (!isBusy) return;
            // Compacting: what little survives would otherwise hold its region, and the next objects would fault in the pages of another, five in each step of a small network.
            GC.Collect(s_aged, GCCollectionMode.Forced, blocking: true, compacting: true);
            s_aged = 0;
            Sweep();
        }
    }

    // The youngest generation first: a step's storages die young. Older ones only when that does not make room, because each collection of an
    // older generation also ages what is alive. What is live is known only after the oldest; and where that was needed, steps would need it again and
    // again under a tight budget.
    private static void MakeRoom(long capacity, int sizeClass)
    {
        for (int generation = 0; generation <= 2 && s_rentedBytes + capacity > s_budget; generation++)
        {
            GC.Collect(generation, GCCollectionMode.Forced, blocking: true);
            s_aged = Math.Min(generation + 1, 2);
            Sweep();
            if (generation == 2) s_budget = Math.Max(s_budget, BudgetFor(s_rentedBytes + capacity));
        }
        Trim(sizeClass, s_budget - s_rentedBytes);
    }

    private static long BudgetFor(long live) => Math.Max(Floor, (long)Math.Min(live * Headroom, s_machineBytes));

    // Slowly, and only where less than half was used lately: a budget taken at a step's ebb would give blocks back that the next flood faults in again.
    private static void LowerBudget()
    {
        if (s_peakBytes < s_budget / 2) s_budget = Math.Max(Floor, s_budget - (s_budget >> 6));
        s_peakBytes = s_rentedBytes; // not 0: two calls in a row would take the second for a pass that used nothing
    }

    private static void Sweep()
    {
        for (int i = s_rentedCount - 1; i >= 0; i--)
            if (!s_rented[i].Owner.TryGetTarget(out _)) Reclaim(s_rented[i]);
        s_liveBytes = s_rentedBytes;
    }

    private static void Reclaim(NativeBuffer buffer)
    {
        if (MemoryCheck.On) MemoryCheck.ComesBack(buffer.Data, buffer.Capacity, buffer.Asked);
        NativeBuffer last = s_rented[--s_rentedCount];
        s_rented[last.Place = buffer.Place] = last;
        s_rented[s_rentedCount] = null!;
        buffer.Owner.SetTarget(null!);
        buffer.Next = s_free[buffer.SizeClass];
        s_free[buffer.SizeClass] = buffer;
        s_rentedBytes -= buffer.Capacity;
        if (buffer.IsScratch) s_scratchBytes -= buffer.Capacity;
        s_freeBytes += buffer.Capacity;
    }

    // What there is no room for goes back to the system, largest first, but blocks of the wanted class last: it is the one that is surely in use.
    private static void Trim(int wanted, long room)
    {
        for (int sizeClass = s_free.Length - 1; sizeClass >= 0; sizeClass--)
            if (sizeClass != wanted) TrimClass(sizeClass, room);
        TrimClass(wanted, room);
    }

    private static void TrimClass(int sizeClass, long room)
    {
        while (s_freeBytes > room && s_free[sizeClass] is { } buffer)
        {
            s_free[sizeClass] = buffer.Next;
            Free(buffer);
        }
    }

    private static void Free(NativeBuffer buffer)
    {
        s_freeBytes -= buffer.Capacity;
        buffer.Owner.Dispose();
        if (MemoryCheck.On) MemoryCheck.Free(buffer.Data);
        else NativeMemory.AlignedFree(buffer.Data);
    }

    private static NativeBuffer Allocate(long capacity, int sizeClass)
    {
        // Linux promises more memory than the machine has, and ends the process that takes it.
        long room = s_machineBytes - s_rentedBytes - capacity;
        if (room < 0) throw OutOfMemory(capacity);
        if (s_freeBytes > room) Trim(sizeClass, room);
        try
        {
            byte* data = MemoryCheck.On ? MemoryCheck.Allocate(capacity, Alignment) : (byte*)NativeMemory.AlignedAlloc((nuint)capacity, Alignment);
            return new NativeBuffer(data, capacity, sizeClass);
        }
        catch (OutOfMemoryException)
        {
            throw OutOfMemory(capacity);
        }
    }

    private static MiniTorchException OutOfMemory(long capacity)
    {
        s_budget = BudgetFor(s_rentedBytes); // it was raised for this block
        return new MiniTorchException(
            $"out of memory: {capacity:N0} bytes were asked for; tensors hold {s_rentedBytes - s_scratchBytes:N0} bytes and running kernels {s_scratchBytes:N0} "
            + $"of the machine's {s_machineBytes:N0}, and {s_freeBytes:N0} wait in the pool");
    }

    /// <summary>Four classes to the power of two: at most a quarter of a block is unused, and never touched.</summary>
    private static (int Class, long Capacity) ClassOf(long bytes)
    {
        bytes = Math.Max(bytes, 128);
        int power = BitOperations.Log2((ulong)(bytes - 1));
        long quarter = 1L << (power - 2);
        long quarters = (bytes - (1L << power) + quarter - 1) / quarter;
        return (power * 4 + (int)quarters - 1, (1L << power) + quarters * quarter);
    }

    /// <summary>The net under programs that stop allocating tensors: after a collection that the runtime ran by itself, sweep too.</summary>
    private sealed class Sweeper
    {
        ~Sweeper()
        {
            if (Environment.HasShutdownStarted) return;
            if (s_gate.TryEnter())
            {
                try
                {
                    Sweep();
                    LowerBudget();
                }
                finally { s_gate.Exit(); }
            }
            _ = new Sweeper(); // a re-registered one would grow old and see only full collections
        }
    }
}
