using System.Runtime.Versioning;
using MiniTorch.IO;
using MiniTorch.Nn;

namespace MiniTorch.Tests.Files;

/// <summary>What tests of saving share: a folder of their own, all that saves, and other users.</summary>
[Platform("Linux")]
[SupportedOSPlatform("linux")]
internal abstract class AtomicFileFixture
{
    private protected TemporaryFolder Folder { get; private set; } = null!;

    [SetUp]
    public void Create() => Folder = new TemporaryFolder();

    [TearDown]
    public void Remove() => Folder.Dispose();

    /// <summary>All that writes a file; files grow with the square of the size.</summary>
    private protected static IEnumerable<(string Name, Action<string> Save)> Savers(int size)
    {
        Tensor tensor = Tensor.Randn([size, size], new Generator(1));
        var named = new Dictionary<string, Tensor> { ["a"] = tensor };
        yield return ("Npy", path => Npy.Save(path, tensor));
        yield return ("Npz", path => Npz.Save(path, named));
        yield return ("Npz compressed", path => Npz.Save(path, named, compressed: true));
        yield return ("Safetensors", path => Safetensors.Save(path, named));
        yield return ("Checkpoint", path => new Checkpoint { ["a"] = tensor }.Save(path));
        yield return ("Onnx", path => Onnx.Export(new Linear(size, size), Tensor.Ones([1, size]), path));
        yield return ("TrainingReport", path =>
        {
            using var report = new TrainingReport(path) { ThrowsOnError = true, Summary = new string('x', 2 * size * size) };
            report.Write();
        }
        );
    }

    private protected string Old(string name) => Folder.Write(name, "old"u8);

    private protected static bool IsOld(string path) => File.ReadAllText(path) == "old";

    // Onnx and TrainingReport wrap what the system said.
    private protected static Exception Refusal(Action save)
    {
        Exception error = Should.Throw<Exception>(save);
        return error is MiniTorchException ? error.InnerException! : error;
    }

    private protected static bool IsRoot => Environment.UserName == "root";

    private protected static void RequireRoot()
    {
        if (!IsRoot) Assert.Ignore("only root can do this");
    }

    private protected static int Value(string file)
    {
        Checkpoint parts = TrainingProcess.Sample(-1);
        parts.TryLoad(file).ShouldBeTrue();
        int value = parts.Get<int>("value");
        parts.Get<Tensor>("weights").ToArray<float>().ShouldAllBe(weight => weight == value);
        return value;
    }

    // What the program said, if it failed.
    private protected static string? TryRun(string program, params string[] arguments)
    {
        try
        {
            Command.Run(program, arguments);
            return null;
        }
        catch (InvalidOperationException error)
        {
            return error.Message;
        }
    }
}
