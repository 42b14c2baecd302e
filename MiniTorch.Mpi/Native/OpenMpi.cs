using System.Runtime.InteropServices;

namespace MiniTorch.Mpi.Native;

/// <summary>The few functions of Open MPI that the package calls. Its handles are addresses of objects that the library exports.</summary>
internal static unsafe partial class OpenMpi
{
    public const int Success = 0, ThreadSerialized = 2;

    private const string Library = "libmpi", Variable = "MINITORCH_MPI_LIBRARY";

    // Open MPI's names first. libmpi.so.12 and libmpich.so.12 are MPICH, which is loaded only to say so.
    private static readonly string[] s_files =
        ["libmpi.so.40", "libmpi.40.dylib", "libmpi.dylib", "libmpi.so", "libmpich.so.12", "libmpi.so.12", "msmpi.dll"];

    private static nint s_library;

    /// <summary>MPI_COMM_WORLD.</summary>
    public static nint World { get; private set; }

    /// <summary>MPI_BYTE.</summary>
    public static nint Byte { get; private set; }

    /// <summary>Finds and loads the library.</summary>
    /// <exception cref="WorldException">There is none, or it is not Open MPI.</exception>
    public static void Load()
    {
        if (s_library != 0) return;
        string? named = Environment.GetEnvironmentVariable(Variable);
        string[] files = string.IsNullOrEmpty(named) ? s_files : [named];
        if (!files.Any(file => NativeLibrary.TryLoad(file, out s_library)))
            throw new WorldException("World.Init: this program was started by an MPI launcher, but the library of Open MPI was not found "
                + $"({string.Join(", ", files.Take(2))}). Install it on every machine, on Debian and Ubuntu with "
                + $"'apt-get install openmpi-bin libopenmpi3'; if it is elsewhere, {Variable} names the file");
        NativeLibrary.SetDllImportResolver(typeof(OpenMpi).Assembly, static (name, _, _) => name == Library ? s_library : 0);
        string version = NativeLibrary.TryGetExport(s_library, "MPI_Get_library_version", out _) ? Version() : "no MPI at all";
        if (!version.StartsWith("Open MPI", StringComparison.Ordinal))
            throw new WorldException($"World.Init: the MPI library on this machine is '{version}'. MiniTorch.Mpi calls Open MPI, whose handles "
                + "have another form; install it ('apt-get install openmpi-bin libopenmpi3') and start the program with its mpirun");
        World = NativeLibrary.GetExport(s_library, "ompi_mpi_comm_world");
        Byte = NativeLibrary.GetExport(s_library, "ompi_mpi_byte");
    }

    /// <summary>The first line of the library's version, such as "Open MPI v4.1.4, package: …".</summary>
    public static string Version()
    {
        const int Room = 8192; // MPICH's MPI_MAX_LIBRARY_VERSION_STRING; Open MPI's is 256
        byte* text = stackalloc byte[Room];
        int length = 0;
        return GetLibraryVersion(text, &length) == Success ? Marshal.PtrToStringUTF8((nint)text)!.Split('\n')[0].Trim('\0', ' ') : "unknown";
    }

    /// <summary>Describes an error code.</summary>
    public static string Describe(int code)
    {
        byte* text = stackalloc byte[1024];
        int length = 0;
        return ErrorString(code, text, &length) == Success ? Marshal.PtrToStringUTF8((nint)text, length) : $"error {code}";
    }

    /// <summary>Makes functions return errors; by default they end the program.</summary>
    public static void ReturnErrors() => _ = SetErrorHandler(World, NativeLibrary.GetExport(s_library, "ompi_mpi_errors_return"));

    [LibraryImport(Library, EntryPoint = "MPI_Init_thread")]
    public static partial int InitThread(int* argumentCount, byte*** arguments, int required, int* provided);

    [LibraryImport(Library, EntryPoint = "MPI_Finalize")]
    public static partial int Shutdown();

    [LibraryImport(Library, EntryPoint = "MPI_Abort")]
    public static partial int Abort(nint communicator, int exitCode);

    [LibraryImport(Library, EntryPoint = "MPI_Comm_rank")]
    public static partial int CommRank(nint communicator, int* rank);

    [LibraryImport(Library, EntryPoint = "MPI_Comm_size")]
    public static partial int CommSize(nint communicator, int* size);

    [LibraryImport(Library, EntryPoint = "MPI_Isend")]
    public static partial int Isend(byte* data, int count, nint type, int to, int tag, nint communicator, nint* request);

    [LibraryImport(Library, EntryPoint = "MPI_Irecv")]
    public static partial int Irecv(byte* data, int count, nint type, int from, int tag, nint communicator, nint* request);

    [LibraryImport(Library, EntryPoint = "MPI_Test")]
    public static partial int Test(nint* request, int* done, void* status);

    [LibraryImport(Library, EntryPoint = "MPI_Cancel")]
    public static partial int Cancel(nint* request);

    [LibraryImport(Library, EntryPoint = "MPI_Get_library_version")]
    private static partial int GetLibraryVersion(byte* text, int* length);

    [LibraryImport(Library, EntryPoint = "MPI_Error_string")]
    private static partial int ErrorString(int code, byte* text, int* length);

    [LibraryImport(Library, EntryPoint = "MPI_Comm_set_errhandler")]
    private static partial int SetErrorHandler(nint communicator, nint handler);
}
