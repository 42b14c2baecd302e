using System.Collections;
using System.Diagnostics;
using System.Runtime.CompilerServices;

namespace MiniTorch.Tests.Fuzzing;

/// <summary>Calls public members with hostile arguments and gathers the exceptions that the library should not let out.</summary>
internal sealed class HostileCalls(string folder)
{
    private const long MostElements = 4_000_000, MostBytes = 1L << 30, BytesOfAnObject = 1000;
    private static long s_bytes; // of the current call: a recurrent layer of 2³¹ layers asks for small tensors without end
    private static readonly TimeSpan s_longest = TimeSpan.FromMinutes(2);
    private readonly Stopwatch _clock = new();
    private string _current = "";

    public int Accepted { get; private set; }

    public int Refused { get; private set; }

    /// <summary>For each member and kind of exception, the first call that met it.</summary>
    public SortedDictionary<string, string> Findings { get; } = [];

    /// <summary>Makes one call for each seed.</summary>
    public void Run(int first, int count)
    {
        string before = Environment.CurrentDirectory;
        (bool checksDims, Nn.ShapeMismatch onMismatch) = (Nn.Dims.Enabled, Nn.Losses.OnShapeMismatch);
        (TextWriter output, TextWriter errors) = (Console.Out, Console.Error);
        Environment.CurrentDirectory = folder;
        Storage.Substitute = Modest;
        using var watch = new Timer(_ => ThrowIfItHangs(), null, s_longest, s_longest);
        try
        {
            Console.SetOut(TextWriter.Null);
            Console.SetError(TextWriter.Null);
            for (int seed = first; seed < first + count; seed++) Call(seed);
        }
        finally
        {
            Console.SetOut(output);
            Console.SetError(errors);
            Storage.Substitute = null;
            (Nn.Dims.Enabled, Nn.Losses.OnShapeMismatch) = (checksDims, onMismatch);
            Environment.CurrentDirectory = before;
        }
    }

    // No test machine has the memory for all of the sizes that are asked for.
    private static NativeStorage Modest(DType dtype, long count) =>
        count <= MostElements && Interlocked.Add(ref s_bytes, (count * dtype.Size()) + BytesOfAnObject) <= MostBytes
            ? new NativeStorage(dtype, count * dtype.Size()) : throw new MiniTorchException($"{count} elements are too many for a test");

    private void ThrowIfItHangs()
    {
        if (_clock.Elapsed > s_longest) Environment.FailFast($"{_current} has not returned for {_clock.Elapsed}");
    }

    private void Call(int seed)
    {
        var random = new Random(seed);
        PublicCall call = PublicCall.All[random.Next(PublicCall.All.Length)];
        _current = $"call {seed}, {call.Name}";
        _clock.Restart();
        Interlocked.Exchange(ref s_bytes, 0);
        using ModeScope mode = Autograd.EnableGrad();
        try
        {
            object?[] arguments = new HostileArguments(seed, folder).Arguments(call);
            if (call.Names is ["this", ..] && arguments[0] is null) return;
            Check(call.Invoke(arguments));
            Accepted++;
        }
        catch (Exception error) when (error is MiniTorchException or ArgumentNullException
            || (error is IOException or UnauthorizedAccessException && MayMeetFiles(error)))
        {
            Refused++;
        }
        catch (Exception error)
        {
            string place = error.StackTrace?.Split('\n').FirstOrDefault(line => line.Contains("MiniTorch.") && !line.Contains("Tests"))?.Trim() ?? "";
            Findings.TryAdd($"{call.Name}: {error.GetType().Name} {place}",
                $"{_current}: {error.GetType().Name}: {error.Message}\n{error.StackTrace}");
        }
    }

    // What reads and writes files documents these errors.
    private static bool MayMeetFiles(Exception error) => error.StackTrace!.Contains("MiniTorch.IO.", StringComparison.Ordinal);

    // Backward and printing are calls too.
    private static void Check(object? result)
    {
        switch (result)
        {
            case Tensor tensor:
                if (tensor.RequiresGrad && tensor.ElementCount < MostElements) tensor.Sum().Backward(retainGraph: true);
                tensor.ToString().ShouldStartWith("tensor(");
                break;
            case ITuple tuple:
                for (int i = 0; i < tuple.Length; i++) Check(tuple[i]);
                break;
            case string:
                break;
            case IEnumerable items:
                foreach (object? item in items.Cast<object?>().Take(4)) Check(item);
                break;
        }
        if (result is IDisposable scope) scope.Dispose();
    }
}
