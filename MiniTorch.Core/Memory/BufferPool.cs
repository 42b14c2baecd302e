using System.Diagnostics.CodeAnalysis;
using System.Numerics;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;

namespace MiniTorch;

/// <summary>A block of native memory that the pool lends to one owner after another: a storage or the scratch memory of a kernel.</summary>
internal sealed unsafe class NativeBuffer(byte* data, long capacity, int sizeClass)
{
    /// <summary>
    /// A weak handle to the owner that rented the block, reused for every owner. It tracks resurrection: an owner that a finalizer can still reach is
    /// alive, because the finalizer can use it.
    /// </summary>
    public readonly WeakGCHandle<object> Owner = new(null!, trackResurrection: true);

    public byte* Data { get; } = data;

    public long Capacity { get; } = capacity;

    public int SizeClass { get; } = sizeClass;

    /// <summary>The number of bytes requested. The capacity is up to a quarter larger.</summary>
    public long Asked { get; set; }

    /// <summary>Whether a kernel rented the block as scratch memory; otherwise a storage did.</summary>
    public bool IsScratch { get; set; }

    /// <summary>The index in the list of rented blocks.</summary>
    public int Place { get; set; }

    /// <summary>The next block in its free list.</summary>
    public NativeBuffer? Next { get; set; }
}

/// <summary>
/// The pool of native memory for storages and scratch memory. It keeps free lists by size class and reclaims blocks whose owner is unreachable.
/// It requests a garbage collection of the youngest generation when the rented blocks exceed a budget (1.3 × the live bytes, at least 64 MB), then
/// finds unreachable owners by their weak handles.
/// </summary>
/// <remarks>docs/internals/adr/0002-memory.md compares it with finalizers and with the large-object heap of .NET.</remarks>
internal static unsafe class BufferPool
{
    private const long Floor = 64L << 20;

    // A program that runs only forward drops its tensors at once. Blocks that are reused after so many bytes are still in the cache.
    private const long LeastHeadroom = 12L << 20;

    // A block of this size stays in the third-level cache if it is reused at once. Of larger ones several go round between collections.
    private const long CachedBlock = 8 << 20;
    private const long LeastLargeBlocks = 4;
    private const int Alignment = 64;
    private const double Headroom = 1.3;

    // A collection takes 60–250 µs, but reusing 16 MB of blocks stays in the cache: 2.5 times as fast as cycling through 64 MB.
    private const long WorthSweeping = 8L << 20;
    private static readonly long s_machineBytes = GC.GetGCMemoryInfo().TotalAvailableMemoryBytes;
    private static readonly Lock s_gate = new();
    private static readonly NativeBuffer?[] s_free = new NativeBuffer?[64 * 4];
    private static NativeBuffer[] s_rented = new NativeBuffer[256];
    private static int s_rentedCount;
    private static int s_aged; // the generation that the storages of the current pass have reached
    private static long s_rentedBytes, s_scratchBytes, s_freeBytes, s_peakBytes, s_liveBytes, s_budget = Floor; // live: after the last sweep

    // What starts a collection: the budget while the program trains; while it only runs forward, what is live and a headroom that is learned.
    private static long s_limit = Floor, s_headroom = Floor;
    private static bool s_onlyForward;
    private static long s_old; // what was rented after the last collection of an older generation
    private static int s_wait; // collections until the headroom may shrink

    private static readonly WeakGCHandle<Sweeper> s_sweeper = new(new Sweeper());

    /// <summary>The bytes in rented blocks, including those whose owner is unreachable but not yet found.</summary>
    public static long RentedBytes { get { lock (s_gate) return s_rentedBytes; } }

    /// <summary>The part of <see cref="RentedBytes"/> that is scratch memory of kernels.</summary>
    public static long ScratchBytes { get { lock (s_gate) return s_scratchBytes; } }

    /// <summary>The bytes in free blocks.</summary>
    public static long FreeBytes { get { lock (s_gate) return s_freeBytes; } }

    /// <summary>Rents a block of at least <paramref name="bytes"/> bytes, with undefined content.</summary>
    public static NativeBuffer Rent(long bytes, object owner)
    {
        (int sizeClass, long capacity) = ClassOf(bytes);
        using (Uninterrupted.Enter(s_gate))
        {
            if (s_rentedBytes + capacity > s_limit) MakeRoom(capacity, sizeClass);
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
            Place(buffer);
            s_rentedBytes += capacity;
            s_peakBytes = Math.Max(s_peakBytes, s_rentedBytes);
            return buffer;
        }
    }

    /// <summary>
    /// Collects now if renting would have to, so that the collection does not age the owner: an old owner would keep its block for many collections.
    /// </summary>
    public static void MakeRoomFor(long bytes)
    {
        (int sizeClass, long capacity) = ClassOf(bytes);
        if (Volatile.Read(ref s_rentedBytes) + capacity <= Volatile.Read(ref s_limit)) return;
        using (Uninterrupted.Enter(s_gate))
            if (s_rentedBytes + capacity > s_limit) MakeRoom(capacity, sizeClass);
    }

    /// <summary>Returns a block that its owner no longer uses.</summary>
    public static void Return(NativeBuffer buffer)
    {
        using (Uninterrupted.Enter(s_gate)) Reclaim(buffer);
    }

    /// <summary>
    /// Reclaims unreachable storages if there may be enough of them. Called after a backward pass, when few storages besides the parameters are
    /// live.
    /// </summary>
    public static void SweepAtLowWater()
    {
        bool isBusy = Volatile.Read(ref s_rentedBytes) > s_liveBytes + WorthSweeping;
        if (!isBusy && s_budget == Floor && !s_onlyForward) return;
        using (Uninterrupted.Enter(s_gate))
        {
            LowerBudget();
            s_onlyForward = false;
            s_limit = s_budget;
            if (!isBusy) return;
            // Compacting: otherwise the few survivors keep their region, and new objects cause page faults in another (5 per step of a small
            // network).
            Collect(s_aged, compacting: true);
            s_aged = 0;
        }
    }

    // Most storages die young. Collecting older generations also ages live objects, so it is the last resort; the live bytes are known only after it.
    private static void MakeRoom(long capacity, int sizeClass)
    {
        long before = s_rentedBytes;
        for (int generation = 0; generation <= 2 && s_rentedBytes + capacity > Allowed(generation); generation++)
        {
            Collect(generation, compacting: false);
            s_aged = Math.Min(generation + 1, 2);
            if (generation == 0 && s_onlyForward) LearnHeadroom(before - s_rentedBytes);
            if (generation > 0) s_old = s_rentedBytes;
            if (generation == 2) s_budget = Math.Max(s_budget, BudgetFor(s_rentedBytes + capacity));
        }
        s_onlyForward = true;
        s_limit = Math.Min(s_budget, s_rentedBytes + Math.Max(s_headroom, (capacity <= CachedBlock ? 1 : LeastLargeBlocks) * capacity));
        Trim(sizeClass, s_budget - s_rentedBytes);
    }

    // While a program only runs forward, each collection ages the tensor that is in use then. They are looked for before they take the headroom.
    private static long Allowed(int generation) => generation == 0 ? s_limit
        : generation == 1 && s_onlyForward ? Math.Min(s_budget, s_old + s_headroom / 2) : s_budget;

    // Tensors that a pass keeps would age in collections that free little, and only a collection of the oldest generation finds them afterwards.
    private static void LearnHeadroom(long freed)
    {
        if (freed < s_headroom / 2) (s_headroom, s_wait) = (Floor, 16);
        else if (s_wait > 0) s_wait--;
        else s_headroom = Math.Max(s_headroom / 2, LeastHeadroom);
    }

    private static long BudgetFor(long live) => Math.Max(Floor, (long)Math.Min(live * Headroom, s_machineBytes));

    // Slowly, and only if less than half was used: a budget from a low point within a step would free blocks that the next step allocates again.
    private static void LowerBudget()
    {
        if (s_peakBytes < s_budget / 2) s_budget = Math.Max(Floor, s_budget - (s_budget >> 6));
        s_limit = Math.Min(s_limit, s_budget);
        s_peakBytes = s_rentedBytes; // not 0: otherwise two calls in a row look like a pass without memory use
    }

    // The sentinel must not die in a collection of ours: waking the finalizer thread would take a fifth of its time.
    private static void Collect(int generation, bool compacting)
    {
        StopSweeper();
        GC.Collect(generation, GCCollectionMode.Forced, blocking: true, compacting);
        Sweep();
        s_sweeper.SetTarget(new Sweeper());
    }

    [MethodImpl(MethodImplOptions.NoInlining)] // leaves no reference in the caller's frame
    [SuppressMessage("Usage", "CA1816", Justification = "The sentinel is not disposed of; it is replaced without being finalized.")]
    private static void StopSweeper()
    {
        if (s_sweeper.TryGetTarget(out Sweeper? sweeper)) GC.SuppressFinalize(sweeper);
    }

    // In the order of renting, so that the block that was used last is the first to be reused: it may still be in the second-level cache.
    private static void Sweep()
    {
        int rented = s_rentedCount;
        s_rentedCount = 0;
        for (int i = 0; i < rented; i++)
            if (s_rented[i].Owner.TryGetTarget(out _)) Place(s_rented[i]);
            else Free(s_rented[i]);
        Array.Clear(s_rented, s_rentedCount, rented - s_rentedCount);
        s_liveBytes = s_rentedBytes;
    }

    private static void Place(NativeBuffer buffer)
    {
        buffer.Place = s_rentedCount;
        s_rented[s_rentedCount++] = buffer;
    }

    private static void Reclaim(NativeBuffer buffer)
    {
        NativeBuffer last = s_rented[--s_rentedCount];
        s_rented[last.Place = buffer.Place] = last;
        s_rented[s_rentedCount] = null!;
        Free(buffer);
    }

    // Moves a block that is no longer in the list of rented ones to its free list.
    private static void Free(NativeBuffer buffer)
    {
        if (MemoryCheck.On) MemoryCheck.ComesBack(buffer.Data, buffer.Capacity, buffer.Asked);
        buffer.Owner.SetTarget(null!);
        buffer.Next = s_free[buffer.SizeClass];
        s_free[buffer.SizeClass] = buffer;
        s_rentedBytes -= buffer.Capacity;
        if (buffer.IsScratch) s_scratchBytes -= buffer.Capacity;
        s_freeBytes += buffer.Capacity;
    }

    // Frees blocks beyond the room, largest first. Blocks of the requested class come last because that class is in use.
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
            GiveBack(buffer);
        }
    }

    // Returns a block to the system.
    private static void GiveBack(NativeBuffer buffer)
    {
        s_freeBytes -= buffer.Capacity;
        buffer.Owner.Dispose();
        if (MemoryCheck.On) MemoryCheck.Free(buffer.Data);
        else NativeMemory.AlignedFree(buffer.Data);
    }

    private static NativeBuffer Allocate(long capacity, int sizeClass)
    {
        // Linux overcommits memory and kills the process that uses it.
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
        s_limit = s_budget = BudgetFor(s_rentedBytes); // undoes the increase for this block
        return new MiniTorchException(
            FormattableString.Invariant(
                $"out of memory: {capacity:N0} bytes were requested; tensors hold {s_rentedBytes - s_scratchBytes:N0} bytes and ")
            + FormattableString.Invariant(
                $"running kernels {s_scratchBytes:N0} of the machine's {s_machineBytes:N0}, and {s_freeBytes:N0} are free in the pool"));
    }

    /// <summary>
    /// Returns the size class for a number of bytes. There are four classes per power of two, so at most a quarter of a block is unused.
    /// </summary>
    private static (int Class, long Capacity) ClassOf(long bytes)
    {
        bytes = Math.Max(bytes, 128);
        int power = BitOperations.Log2((ulong)(bytes - 1));
        long quarter = 1L << (power - 2);
        long quarters = IntegerMath.CeilDiv(bytes - (1L << power), quarter);
        return (power * 4 + (int)quarters - 1, (1L << power) + quarters * quarter);
    }

    /// <summary>Sweeps after garbage collections that the runtime started, for programs that have stopped allocating tensors.</summary>
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
            // A re-registered object would move to older generations and see only full collections. Two that die together leave one.
            if (!s_sweeper.TryGetTarget(out _)) s_sweeper.SetTarget(new Sweeper());
        }
    }
}
