namespace MiniTorch.Tests.Files;

/// <summary>A folder for one test's files, gone after it.</summary>
internal sealed class TemporaryFolder : IDisposable
{
    private readonly string _path = Directory.CreateTempSubdirectory("minitorch").FullName;

    public string this[string name] => Path.Combine(_path, name);

    public string[] Files => [.. Directory.GetFiles(_path).Select(file => Path.GetFileName(file)).Order()];

    public string Write(string name, ReadOnlySpan<byte> content)
    {
        File.WriteAllBytes(this[name], content);
        return this[name];
    }

    public void Dispose() => Directory.Delete(_path, recursive: true);
}
