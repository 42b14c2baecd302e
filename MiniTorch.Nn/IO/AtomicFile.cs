using System.Runtime.InteropServices;

namespace MiniTorch.IO;

/// <summary>Replaces a file as a whole: whatever happens meanwhile, its name leads to the old content or to the new one.</summary>
internal static class AtomicFile
{
    /// <summary>Writes to a temporary file beside <paramref name="path"/>, flushes it to the disk and gives it the name.</summary>
    /// <remarks>A process that is killed while it writes leaves its temporary file, PATH.*.tmp, behind.</remarks>
    public static void Write(string path, Action<Stream> write)
    {
        string target = Path.GetFullPath(path);
        string temporary = $"{target}.{Path.GetRandomFileName()}.tmp";
        try
        {
            using (var stream = new FileStream(temporary, FileMode.CreateNew, FileAccess.Write, FileShare.None))
            {
                write(stream);
                stream.Flush(flushToDisk: true);
            }
            File.Move(temporary, target, overwrite: true);
        }
        catch
        {
            if (File.Exists(temporary)) File.Delete(temporary);
            throw;
        }
        if (!OperatingSystem.IsWindows()) FlushDirectory(Path.GetDirectoryName(target)!);
    }

    // The new name is an entry of the folder, which has a cache of its own. Best effort: some file systems cannot flush a folder.
    private static void FlushDirectory(string path)
    {
        const int ReadOnly = 0;
        int descriptor = Open(path, ReadOnly);
        if (descriptor < 0) return;
        _ = Flush(descriptor);
        _ = Close(descriptor);
    }

    [DllImport("libc", EntryPoint = "open", CharSet = CharSet.Ansi, BestFitMapping = false, ThrowOnUnmappableChar = true)]
    [DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    private static extern int Open([MarshalAs(UnmanagedType.LPUTF8Str)] string path, int flags);

    [DllImport("libc", EntryPoint = "fsync")]
    [DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    private static extern int Flush(int descriptor);

    [DllImport("libc", EntryPoint = "close")]
    [DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    private static extern int Close(int descriptor);
}
