using System.Diagnostics;
using System.Runtime.CompilerServices;
using System.Runtime.ExceptionServices;
using System.Runtime.InteropServices;

namespace MiniTorch.Kernels;

/// <summary>A job of independent chunks, numbered from 0.</summary>
internal interface IJob
{
    /// <summary>Runs one chunk. Chunks can run on any thread, in any order and at the same time.</summary>
    void Execute(long chunk);
}

/// <summary>
/// A fork-join pool: the caller and the workers each claim the chunks of a part of their own, and then those that are left in the others' parts. A
/// thread has the same part of every operation on tensors of one size, so that it finds the data in its own cache. The pool runs one job at a time;
/// another job that is started meanwhile (nested, or on another thread) runs on its caller only.
/// </summary>
internal static unsafe class Workers
{
    // Workers spin for a while between jobs, because waking a parked one takes several µs.
    static readonly long SpinTicks = Stopwatch.Frequency / 10_000;

    // Two lines, because the processor loads them in pairs.
    const int WordsPerLine = 16;

    static readonly Lock Starting = new();
    static long[] _next = [];
    static Worker[] _workers = [];
    static int _count = Environment.ProcessorCount;
    static int _busy;
    static Board _board;
    static delegate*<void*, long, void> _execute;
    static void* _job;
    static long _chunks;
    static int _participants;
    static ExceptionDispatchInfo? _failure;

    /// <summary>The number of threads of a job, including the caller; all processors by default. It never changes results.</summary>
    public static int Count
    {
        get => Volatile.Read(ref _count);
        set
        {
            ArgumentOutOfRangeException.ThrowIfLessThan(value, 1);
            Volatile.Write(ref _count, value);
        }
    }

    /// <summary>
    /// Executes chunks 0 … <paramref name="chunks"/> − 1 and returns when all are done. The first exception is rethrown after all
    /// threads have left the job; chunks that were not claimed by then do not run.
    /// </summary>
    public static void Run<TJob>(in TJob job, long chunks)
        where TJob : struct, IJob
    {
        int helpers = (int)Math.Min(Count, chunks) - 1;
        if (helpers > 0 && Interlocked.CompareExchange(ref _busy, 1, 0) == 0)
        {
            try
            {
                Fork(job, chunks, helpers);
            }
            finally
            {
                Volatile.Write(ref _busy, 0);
            }

            return;
        }

        for (long chunk = 0; chunk < chunks; chunk++)
            job.Execute(chunk);
    }

    static void Fork<TJob>(TJob job, long chunks, int helpers)
        where TJob : struct, IJob
    {
        Worker[] workers = Started(helpers);
        _execute = &Execute<TJob>;
        _job = Unsafe.AsPointer(ref job);   // this frame outlives the job, and the stack does not move
        _chunks = chunks;
        _participants = helpers + 1;
        for (int i = 0; i <= helpers; i++) NextOf(i) = Start(i);
        Volatile.Write(ref _board.Open, 1);
        Interlocked.Exchange(ref _board.Ticket, Ticket.After(_board.Ticket, helpers));
        for (int i = 0; i < helpers; i++)
            workers[i].Wake();

        ClaimChunks(0);

        // A worker enters only while the job is open, so once it is closed and nobody is inside, nobody will be.
        Interlocked.Exchange(ref _board.Open, 0);
        // Without waiting for the workers, they would write to freed memory; an interrupt has to wait.
        Uninterrupted.Run(static _ => WaitUntilNobodyIsInside(), 0);

        if (_failure is { } failure)
        {
            _failure = null;
            failure.Throw();
        }
    }

    static void WaitUntilNobodyIsInside()
    {
        var wait = default(SpinWait);
        while (Volatile.Read(ref _board.Inside) != 0)
            wait.SpinOnce(sleep1Threshold: -1);
    }

    static void Execute<TJob>(void* job, long chunk)
        where TJob : struct, IJob => Unsafe.AsRef<TJob>(job).Execute(chunk);

    static void ClaimChunks(int self)
    {
        int participants = _participants;
        try
        {
            for (int i = 0; i < participants; i++)
            {
                int owner = (self + i) % participants;
                long end = Start(owner + 1);
                for (long chunk; (chunk = Interlocked.Increment(ref NextOf(owner)) - 1) < end;)
                    _execute(_job, chunk);
            }
        }
        catch (Exception e)
        {
            Interlocked.CompareExchange(ref _failure, ExceptionDispatchInfo.Capture(e), null);
            for (int i = 0; i < participants; i++) Interlocked.Exchange(ref NextOf(i), _chunks);
        }
    }

    /// <summary>The first chunk of a participant's part.</summary>
    static long Start(int participant) => _chunks * participant / _participants;

    /// <summary>The next chunk of a participant's part, on its own cache line.</summary>
    static ref long NextOf(int participant) => ref _next[(participant + 1) * WordsPerLine];

    static Worker[] Started(int atLeast)
    {
        if (_workers.Length >= atLeast) return _workers;
        lock (Starting)
        {
            int old = _workers.Length;
            _next = new long[(atLeast + 3) * WordsPerLine];
            var workers = _workers;
            Array.Resize(ref workers, atLeast);
            for (int i = old; i < atLeast; i++)
                workers[i] = new Worker(i);
            return _workers = workers;
        }
    }

    /// <summary>The words that the threads of a job share, each on its own cache line.</summary>
    [StructLayout(LayoutKind.Explicit, Size = 512)]
    struct Board
    {
        [FieldOffset(128)] public long Ticket;
        [FieldOffset(256)] public int Inside;
        [FieldOffset(384)] public int Open;
    }

    /// <summary>The number of a job, and in the low bits the number of workers that it needs: one word, so that both are read together.</summary>
    static class Ticket
    {
        const int HelperBits = 16;

        public static long After(long ticket, int helpers) => (((ticket >> HelperBits) + 1) << HelperBits) | (uint)Math.Min(helpers, ushort.MaxValue);

        public static int Helpers(long ticket) => (int)(ticket & ushort.MaxValue);
    }

    sealed class Worker
    {
        readonly object _park = new();
        readonly int _index;
        bool _parked;

        public Worker(int index)
        {
            _index = index;
            new Thread(Loop) { IsBackground = true, Name = $"MiniTorch worker {index + 1}" }.UnsafeStart();
        }

        public void Wake()
        {
            if (!Volatile.Read(ref _parked)) return;
            Uninterrupted.Enter(_park);
            Monitor.Pulse(_park);
            Monitor.Exit(_park);
        }

        void Loop()
        {
            for (long seen = 0; ;)
            {
                seen = NextTicket(seen);
                Interlocked.Increment(ref _board.Inside);
                if (Volatile.Read(ref _board.Open) != 0)
                    ClaimChunks(_index + 1);
                Interlocked.Decrement(ref _board.Inside);
            }
        }

        long NextTicket(long seen)
        {
            long start = Stopwatch.GetTimestamp();
            do
            {
                if (IsCalled(seen, out long ticket)) return ticket;
                Thread.SpinWait(1);
            }
            while (Stopwatch.GetTimestamp() - start < SpinTicks);

            Uninterrupted.Enter(_park);
            Volatile.Write(ref _parked, true);
            Interlocked.MemoryBarrier();   // a caller that misses the flag has already published its job
            long called;
            while (!IsCalled(seen, out called))
                Park();
            _parked = false;
            Monitor.Exit(_park);
            return called;
        }

        // A kernel may interrupt its own thread, which must not end the worker.
        void Park()
        {
            try
            {
                Monitor.Wait(_park);
            }
            catch (ThreadInterruptedException)
            {
            }
        }

        bool IsCalled(long seen, out long ticket)
        {
            ticket = Volatile.Read(ref _board.Ticket);
            return ticket != seen && _index < Ticket.Helpers(ticket);
        }
    }
}
