using MiniTorch.Kernels;

namespace MiniTorch.Tests.Kernels;

[NonParallelizable]
public sealed unsafe class WorkersTests
{
    int _count;

    [SetUp]
    public void Remember_the_thread_count() => _count = Workers.Count;

    [TearDown]
    public void Restore_the_thread_count() => Workers.Count = _count;

    [Test]
    public void Every_chunk_runs_exactly_once([Values(1, 2, 3, 8)] int threads, [Values(0, 1, 2, 7, 1000)] int chunks)
    {
        Workers.Count = threads;
        int[] hits = new int[chunks];
        Workers.Run(new Count(hits), chunks);
        hits.ShouldAllBe(h => h == 1);
    }

    [Test]
    public void At_most_Count_threads_work_on_a_job([Values(1, 2, 4)] int threads)
    {
        Workers.Count = threads;
        var seen = new System.Collections.Concurrent.ConcurrentDictionary<int, bool>();
        Workers.Run(new Record(seen), 50);
        seen.Count.ShouldBeInRange(1, threads);
    }

    [Test]
    public void A_worker_takes_part_when_the_caller_is_held_up()
    {
        Workers.Count = 2;
        using var second = new ManualResetEventSlim();
        Workers.Run(new MeetingPoint(second), 2);
        second.IsSet.ShouldBeTrue();
    }

    [Test]
    public void A_caller_that_is_interrupted_leaves_its_job_after_the_helpers()
    {
        Workers.Count = 2;
        int[] running = new int[1];
        int left = -1;
        bool isPending = false;
        using var isHelped = new ManualResetEventSlim();
        var caller = new Thread(() =>
        {
            Workers.Run(new HelperIsLast(Environment.CurrentManagedThreadId, running, isHelped), 2);
            left = Volatile.Read(ref running[0]);
            try { Thread.Sleep(1); }
            catch (ThreadInterruptedException) { isPending = true; }
        });
        caller.Start();
        isHelped.Wait();
        caller.Interrupt();
        caller.Join();
        (left, isPending).ShouldBe((0, true), "nobody is inside, and the interrupt is thrown by the next wait");
    }

    [Test]
    public void A_kernel_that_interrupts_its_own_thread_does_not_end_the_worker()
    {
        Workers.Count = 2;
        int caller = Environment.CurrentManagedThreadId;
        using var isDone = new ManualResetEventSlim();
        Workers.Run(new InterruptsItself(caller, isDone), 2);
        Thread.Sleep(20); // it parks, which throws the interrupt
        A_worker_takes_part_when_the_caller_is_held_up();
    }

    [Test]
    public void A_million_tiny_jobs_lose_no_chunk()
    {
        Workers.Count = 2;
        long total = 0;
        for (int i = 0; i < 1_000_000; i++)
            Workers.Run(new Add(&total), 2);
        total.ShouldBe(2_000_000);
    }

    [Test]
    public void Jobs_after_the_workers_have_parked_are_complete()
    {
        Workers.Count = 3;
        long total = 0;
        for (int i = 0; i < 200; i++)
        {
            Workers.Run(new Add(&total), 3);
            Thread.Sleep(1);
        }

        total.ShouldBe(600);
    }

    [Test]
    public void A_steady_state_run_allocates_nothing()
    {
        Workers.Count = 2;
        long total = 0;
        for (int i = 0; i < 100; i++)
            Workers.Run(new Add(&total), 4);
        long before = GC.GetAllocatedBytesForCurrentThread();
        for (int i = 0; i < 100; i++)
            Workers.Run(new Add(&total), 4);
        (GC.GetAllocatedBytesForCurrentThread() - before).ShouldBe(0);
    }

    [Test]
    public void An_exception_in_any_chunk_reaches_the_caller_and_leaves_the_pool_usable([Values(1, 2, 4)] int threads)
    {
        Workers.Count = threads;
        for (int failing = 0; failing < 20; failing++)
        {
            Should.Throw<InvalidOperationException>(() => Workers.Run(new Fail(failing), 20)).Message.ShouldBe($"chunk {failing}");
            Every_chunk_runs_exactly_once(threads, 100);
        }
    }

    [Test]
    public void No_chunk_is_still_running_when_an_exception_arrives()
    {
        Workers.Count = 4;
        int[] running = new int[1];
        for (int i = 0; i < 50; i++)
        {
            Should.Throw<InvalidOperationException>(() => Workers.Run(new FailWhileOthersRun(running), 8));
            running[0].ShouldBe(0);
        }
    }

    [Test]
    public void A_job_may_run_jobs()
    {
        Workers.Count = 4;
        long total = 0;
        Workers.Run(new Nest(&total, Depth: 3), 5);
        total.ShouldBe(5 * 5 * 5 * 5);
    }

    [Test]
    public void Eight_threads_may_run_jobs_at_once()
    {
        Workers.Count = 4;
        long[] totals = new long[8];
        Thread[] users = [.. Enumerable.Range(0, 8).Select(u => new Thread(() =>
        {
            long total = 0;
            for (int i = 0; i < 5_000; i++)
            {
                Workers.Run(new Add(&total), 6);
                if (i % 500 == 0)
                    Should.Throw<InvalidOperationException>(() => Workers.Run(new Fail(3), 6));
            }

            totals[u] = total;
        }))];
        foreach (Thread user in users) user.Start();
        foreach (Thread user in users) user.Join();
        totals.ShouldAllBe(t => t == 30_000);
    }

    [Test]
    public void Jobs_end_while_every_pool_thread_of_the_runtime_is_blocked()
    {
        Workers.Count = 2;
        using var release = new ManualResetEventSlim();
        Task[] blocked = [.. Enumerable.Range(0, 64).Select(_ => Task.Run(release.Wait))];
        long total = 0;
        Workers.Run(new Add(&total), 100);
        release.Set();
        Task.WaitAll(blocked);
        total.ShouldBe(100);
    }

    [Test]
    public void A_count_below_one_is_refused() => Should.Throw<ArgumentOutOfRangeException>(() => Workers.Count = 0);

    readonly record struct Count(int[] Hits) : IJob
    {
        public void Execute(long chunk) => Interlocked.Increment(ref Hits[chunk]);
    }

    readonly record struct Record(System.Collections.Concurrent.ConcurrentDictionary<int, bool> Seen) : IJob
    {
        public void Execute(long chunk)
        {
            Seen[Environment.CurrentManagedThreadId] = true;
            Thread.Sleep(1);
        }
    }

    readonly record struct MeetingPoint(ManualResetEventSlim Second) : IJob
    {
        public void Execute(long chunk)
        {
            if (chunk == 1) Second.Set();
            else if (!Second.Wait(TimeSpan.FromSeconds(30))) throw new TimeoutException();
        }
    }

    readonly struct Add(long* total) : IJob
    {
        public void Execute(long chunk) => Interlocked.Increment(ref *total);
    }

    readonly record struct Fail(int Failing) : IJob
    {
        public void Execute(long chunk)
        {
            if (chunk == Failing) throw new InvalidOperationException($"chunk {chunk}");
        }
    }

    readonly record struct FailWhileOthersRun(int[] Running) : IJob
    {
        public void Execute(long chunk)
        {
            Interlocked.Increment(ref Running[0]);
            try
            {
                if (chunk == 0) throw new InvalidOperationException();
                Thread.Sleep(2);
            }
            finally
            {
                Interlocked.Decrement(ref Running[0]);
            }
        }
    }

    // The caller goes on to its wait at once, while the helper is still inside.
    readonly record struct HelperIsLast(int Caller, int[] Running, ManualResetEventSlim IsHelped) : IJob
    {
        public void Execute(long chunk)
        {
            if (Environment.CurrentManagedThreadId == Caller)
            {
                IsHelped.Wait();
                return;
            }
            Interlocked.Increment(ref Running[0]);
            IsHelped.Set();
            Thread.Sleep(200);
            Interlocked.Decrement(ref Running[0]);
        }
    }

    readonly record struct InterruptsItself(int Caller, ManualResetEventSlim IsDone) : IJob
    {
        public void Execute(long chunk)
        {
            if (Environment.CurrentManagedThreadId != Caller)
            {
                Thread.CurrentThread.Interrupt();
                IsDone.Set();
            }
            else IsDone.Wait();
        }
    }

    readonly struct Nest(long* total, int Depth) : IJob
    {
        public void Execute(long chunk)
        {
            if (Depth == 0) Interlocked.Increment(ref *total);
            else Workers.Run(new Nest(total, Depth - 1), 5);
        }
    }
}
