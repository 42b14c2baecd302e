using System.Globalization;
using System.Numerics;
using MiniTorch.Mpi.Native;

namespace MiniTorch.Mpi;

/// <summary>
/// The processes, called ranks, that train one model together. <c>mpirun -n 4 dotnet train.dll</c> starts four of them; a program that no launcher
/// started is one rank, and needs no MPI (torch.distributed).
/// </summary>
/// <remarks>
/// All ranks make the same calls in the same order; calls that differ are found and raise an error. A rank that ends with an unhandled exception
/// prints it and ends the others. Sums follow one binary tree over the shards of a batch (<see cref="ShardedGradients"/>), so that a result has the
/// same bits on any number of ranks.
/// </remarks>
/// <example><code>
/// using var world = World.Init();
/// world.Broadcast(model);
/// var loader = new DataLoader(data, batchSize: 64, sampler: new DistributedSampler(data, world, seed: 1));
/// var gradients = new ShardedGradients(world, model);
/// foreach (Batch batch in loader)
/// {
///     double loss = gradients.Compute(batch, shard => criterion.Call(model.Call(shard[0]), shard[1]));
///     optimizer.Step();
///     if (world.IsRoot) Console.WriteLine(loss);
/// }
/// </code></example>
public sealed partial class World : IDisposable
{
    /// <summary>The default of <see cref="Shards"/>.</summary>
    public const int DefaultShards = 8;

    private const int ExitCodeOfAbort = 1;

    // What launchers tell the programs that they start: Open MPI's mpirun, Slurm with PMIx, and MPICH's mpirun.
    private static readonly string[] s_launchers = ["OMPI_COMM_WORLD_SIZE", "PMIX_RANK", "PMI_SIZE", "PMI_RANK"];

    private static int s_initialised;

    private readonly Lock _gate = new();
    private readonly Messages _messages;
    private bool _isDisposed;

    internal World(int rank, int size, int shards, TimeSpan timeout)
    {
        (Rank, Size, Shards) = (rank, size, shards);
        _messages = new Messages(rank, timeout);
    }

    /// <summary>The number of this process, from 0 to <see cref="Size"/> − 1.</summary>
    public int Rank { get; }

    /// <summary>The number of processes.</summary>
    public int Size { get; }

    /// <summary>The number of shards that a batch is cut into; it decides the bits of a result, the number of ranks does not.</summary>
    public int Shards { get; }

    /// <summary>Whether this process is rank 0, the one that prints and saves.</summary>
    public bool IsRoot => Rank == 0;

    /// <summary>The first shard of this rank and the number of its shards.</summary>
    internal (int First, int Count) OwnShards => (FirstShard(Rank), FirstShard(Rank + 1) - FirstShard(Rank));

    /// <summary>Joins the processes that the launcher started, or makes a world of one rank if there is no launcher.</summary>
    /// <param name="shards">
    /// The number of shards of a batch, a power of two and at least the number of ranks. Runs that are to have the same bits need the same number.
    /// </param>
    /// <param name="timeout">
    /// The longest wait for another rank, ten minutes by default. It must exceed the time in which the root saves a file.
    /// </param>
    /// <exception cref="ValueException">The number of shards is not a power of two, or is less than the number of ranks.</exception>
    /// <exception cref="WorldException">
    /// Open MPI is missing, the MPI library is another one, the ranks have different options, versions or vector widths, or Init was called before.
    /// </exception>
    public static World Init(int shards = DefaultShards, TimeSpan? timeout = null)
    {
        if (shards < 1 || !BitOperations.IsPow2(shards))
            throw new ValueException($"World.Init: shards is {shards}; it must be a power of two: 1, 2, 4, 8 …");
        TimeSpan limit = timeout ?? TimeSpan.FromMinutes(10);
        if (limit <= TimeSpan.Zero) throw new ValueException($"World.Init: timeout is {limit}; it must be positive");
        bool isLaunched = s_launchers.Any(name => Environment.GetEnvironmentVariable(name) is { Length: > 0 });
        return isLaunched ? Join(shards, limit) : new World(0, 1, shards, limit);
    }

    /// <summary>Waits until all ranks are here.</summary>
    /// <exception cref="WorldException">Another rank makes another call or does not answer in time.</exception>
    public void Barrier()
    {
        lock (_gate) Agree("Barrier");
    }

    /// <summary>
    /// Creates a progress line that only the root prints. With several ranks it writes whole lines, as into a file, because mpirun collects
    /// the output.
    /// </summary>
    /// <inheritdoc cref="Nn.ProgressMeter(int, string, int)" path="/param"/>
    public Nn.ProgressMeter Progress(int total, string title = "", int done = 0) =>
        Size == 1 ? new Nn.ProgressMeter(total, title, done)
            : new Nn.ProgressMeter(total, title, done, new Nn.ProgressOutput(IsRoot ? Console.Out : TextWriter.Null, null, TimeProvider.System));

    /// <summary>Waits until all ranks are done, and leaves MPI. A process can call <see cref="Init"/> under a launcher only once.</summary>
    public void Dispose()
    {
        lock (_gate)
        {
            if (_isDisposed) return;
            if (Size > 1 || s_initialised != 0) Leave();
            _isDisposed = true;
        }
    }

    /// <summary>Returns the first shard of a rank; the ranks have consecutive blocks.</summary>
    internal int FirstShard(int rank) => (int)((long)rank * Shards / Size);

    private void Leave()
    {
        AppDomain.CurrentDomain.UnhandledException -= Abort;
        try
        {
            Agree("Dispose, the end of the program");
        }
        catch (WorldException error) // Shutdown would wait for the others without a limit
        {
            Abort(error.Message);
        }
        _ = OpenMpi.Shutdown();
    }

    private static unsafe World Join(int shards, TimeSpan timeout)
    {
        OpenMpi.Load();
        if (Interlocked.Exchange(ref s_initialised, 1) != 0)
            throw new WorldException("World.Init: a process can join its world only once; keep the first result of Init");
        int provided = 0, rank = 0, size = 0;
        int code = OpenMpi.InitThread(null, null, OpenMpi.ThreadSerialized, &provided);
        if (code != OpenMpi.Success) throw new WorldException($"World.Init: MPI_Init_thread failed: {OpenMpi.Describe(code)}");
        OpenMpi.ReturnErrors();
        _ = OpenMpi.CommRank(OpenMpi.World, &rank);
        _ = OpenMpi.CommSize(OpenMpi.World, &size);
        var world = new World(rank, size, shards, timeout);
        AppDomain.CurrentDomain.UnhandledException += world.Abort;
        if (size == 1 && Environment.GetEnvironmentVariable("PMI_SIZE") is { Length: > 0 } started && started != "1")
            throw new WorldException($"World.Init: a launcher started {started} processes, but {OpenMpi.Version()} sees one. The launcher belongs "
                + "to another MPI, such as MPICH; start the program with the mpirun of Open MPI ('apt-get install openmpi-bin')");
        world.Agree(string.Create(CultureInfo.InvariantCulture,
            $"World.Init\n {shards} shards, MiniTorch {typeof(World).Assembly.GetName().Version}, vectors of {Kernels.Simd.Bits} bits"),
            "Start all ranks with the same options and the same version; of processors with other vectors, DOTNET_EnableAVX512=0 leaves 256 bits");
        if (size > shards)
            throw new ValueException($"World.Init: there are {size} ranks and {shards} shards; a rank needs one. Pass shards: "
                + $"{BitOperations.RoundUpToPowerOf2((uint)size)} or more, also in the runs that are to have the same bits");
        return world;
    }

    private void Abort(object sender, UnhandledExceptionEventArgs failure) => Abort($"unhandled exception: {failure.ExceptionObject}");

    private void Abort(string reason)
    {
        Console.Error.WriteLine($"MiniTorch: rank {Rank} of {Size} ends all ranks: {reason}");
        Console.Error.Flush();
        _ = OpenMpi.Abort(OpenMpi.World, ExitCodeOfAbort);
    }
}
