using System.Runtime.InteropServices;
using Microsoft.Win32.SafeHandles;

namespace MiniTorch.IO;

/// <summary>Replaces a file atomically: at any time its name refers to the complete old content or the complete new content.</summary>
/// <remarks>docs/internals/checkpoint.md describes the steps and what a crash leaves after each of them.</remarks>
internal static class AtomicFile
{
    /// <summary>The completed steps of a save, in this order.</summary>
    internal enum Step { Created, Written, Flushed, Renamed, FolderFlushed }

    /// <summary>Temporary files are numbered; every save removes stale ones of dead processes among the first numbers.</summary>
    private const int SweptNumbers = 16, MostNumbers = 1000;

    private const int MostLinks = 40; // the limit of Linux

    private const UnixFileMode OwnerOnly = UnixFileMode.UserRead | UnixFileMode.UserWrite,
        OfGroup = UnixFileMode.GroupRead | UnixFileMode.GroupWrite | UnixFileMode.GroupExecute,
        // Without set-user-ID, set-group-ID and sticky, which a plain write clears too.
        Permissions = OwnerOnly | UnixFileMode.UserExecute | OfGroup | UnixFileMode.OtherRead | UnixFileMode.OtherWrite | UnixFileMode.OtherExecute;

    /// <summary>Writes a temporary file beside the file, flushes it to the disk and renames it.</summary>
    /// <param name="path">
    /// The file. If it is a link, the link stays and its target is replaced. Permissions are kept; owner and group are kept if the process may set
    /// them.
    /// </param>
    /// <param name="write">Writes the content.</param>
    /// <param name="reached">Called after each step; tests interrupt the save there.</param>
    /// <exception cref="IOException">The path is a folder, device, pipe or socket, its folder does not exist, the disk is full or the file too
    /// large.</exception>
    /// <exception cref="UnauthorizedAccessException">The process may not write to the file or to its folder.</exception>
    public static void Write(string path, Action<Stream> write, Action<Step>? reached = null)
    {
        string target = Follow(Path.GetFullPath(FilePath.Checked(path)));
        bool replaces = CheckReplaces(path, target);
        using FileStream stream = Create(target, replaces);
        SafeFileHandle handle = stream.SafeFileHandle;
        try
        {
            Sweep(target, stream.Name);
            if (replaces && !OperatingSystem.IsWindows()) TakeOver(target, handle);
            reached?.Invoke(Step.Created);
            write(stream);
            reached?.Invoke(Step.Written);
            stream.Flush(flushToDisk: true);
            reached?.Invoke(Step.Flushed);
            File.Move(stream.Name, target, overwrite: true); // still open: its lock shows other processes that it is in use
        }
        catch (Exception error)
        {
            TryDelete(stream.Name);
            handle.Dispose(); // otherwise closing the stream would flush its buffer, and that error would hide this one
            if (error is ArgumentOutOfRangeException { ParamName: "value" }) // how .NET reports EFBIG
                throw new IOException($"'{path}' cannot be written: it would be larger than the file system or the process's limit (ulimit -f) "
                    + "allows.", error);
            throw;
        }
        reached?.Invoke(Step.Renamed);
        if (!OperatingSystem.IsWindows()) FlushFolder(Path.GetDirectoryName(target)!);
        reached?.Invoke(Step.FolderFlushed);
    }

    /// <summary>Returns the name of a temporary file, short enough for any file system that accepts the file's own name.</summary>
    internal static string TemporaryName(string target, int number)
    {
        const int Kept = 60; // of at most 255 bytes
        string name = Path.GetFileName(target);
        if (name.Length > Kept) name = name[..(char.IsHighSurrogate(name[Kept - 1]) ? Kept - 1 : Kept)];
        return Path.Join(Path.GetDirectoryName(target), $"{name}.minitorch-{number}.tmp");
    }

    // Follows links as the system does: ".." after a link leaves the link's target, which Path.GetFullPath does not know.
    private static string Follow(string path)
    {
        if (OperatingSystem.IsWindows()) return File.ResolveLinkTarget(path, returnFinalTarget: true)?.FullName ?? path;
        var rest = new Stack<string>(path.Split('/').Reverse());
        string at = "/";
        for (int links = 0; rest.TryPop(out string? name);)
        {
            if (name is "" or ".") continue;
            string next = name == ".." ? Path.GetDirectoryName(at) ?? at : Path.Join(at, name);
            if (new FileInfo(next).LinkTarget is not { } link)
            {
                at = next;
                continue;
            }
            if (++links > MostLinks) throw new IOException($"'{path}' cannot be written: it leads through more than {MostLinks} links.");
            foreach (string part in link.Split('/').Reverse()) rest.Push(part);
            if (Path.IsPathRooted(link)) at = "/";
        }
        return at;
    }

    // Whether there is a file to replace; throws if it is not a regular file, or if the process may not write to it.
    private static bool CheckReplaces(string path, string target)
    {
        if (Path.EndsInDirectorySeparator(path) || Directory.Exists(target)) throw NotReplaceable(path, "a folder");
        if (!File.Exists(target))
            return FileStatus.Of(path, followLinks: true) is null ? false : throw NotReplaceable(path, "a link to something without a path");
        if (FileStatus.Of(target) is not { } status) return true;
        if (!status.IsRegular) throw NotReplaceable(path, status.Kind);
        new FileStream(target, FileMode.Open, FileAccess.Write, FileShare.ReadWrite | FileShare.Delete).Dispose();
        return true;
    }

    private static IOException NotReplaceable(string path, string kind) => new($"'{path}' is {kind}; only a regular file can be written.");

    private static FileStream Create(string target, bool replaces)
    {
        for (int number = 0; ; number++)
        {
            string name = TemporaryName(target, number);
            try
            {
                // The share mode takes a lock, which Sweep detects and readers of the renamed file ignore.
                const FileShare Share = FileShare.Read | FileShare.Delete;
                var options = new FileStreamOptions { Mode = FileMode.CreateNew, Access = FileAccess.ReadWrite, Share = Share };
                if (replaces && !OperatingSystem.IsWindows()) options.UnixCreateMode = OwnerOnly; // until the owner is set
                var stream = new FileStream(name, options);
                if (Leads(name, stream)) return stream;
                stream.Dispose(); // another process removed it as stale before it was locked
            }
            // Another process uses this number, or is checking whether it is in use.
            catch (IOException error) when (error.GetType() == typeof(IOException) && number < (File.Exists(name) ? MostNumbers : SweptNumbers))
            {
            }
        }
    }

    // Removes temporary files of killed processes, whose locks are gone.
    private static void Sweep(string target, string ours)
    {
        for (int number = 0; number < SweptNumbers; number++)
        {
            string name = TemporaryName(target, number);
            if (name == ours || !File.Exists(name) || FileStatus.Of(name) is { IsRegular: false }) continue;
            using FileStream? stale = TryLock(name);
            if (stale is null) continue;
            using FileStream? own = TryLock(ours);
            if (own is not null) return; // the file system does not support locks
            if (!Leads(name, stale)) continue;
            if (OperatingSystem.IsWindows()) stale.Dispose(); // there, an open file cannot be deleted
            TryDelete(name);
        }
    }

    // Another process may remove or rename the file before it is locked, and the name may then refer to a new file.
    // No process does so while the lock is held.
    private static bool Leads(string name, FileStream stream) => File.Exists(name) && FileStatus.Of(name) == FileStatus.Of(stream.SafeFileHandle);

    private static FileStream? TryLock(string name)
    {
        try
        {
            return new FileStream(name, FileMode.Open, FileAccess.ReadWrite, FileShare.None);
        }
        catch (Exception error) when (error is IOException or UnauthorizedAccessException)
        {
            return null;
        }
    }

    private static void TryDelete(string name)
    {
        try
        {
            File.Delete(name);
        }
        catch (Exception error) when (error is IOException or UnauthorizedAccessException)
        {
            // The next save tries again.
        }
    }

    // Owner and group of the former file where the process may set them, and its permissions; nobody gets more than before.
    [System.Runtime.Versioning.UnsupportedOSPlatform("windows")]
    private static void TakeOver(string target, SafeFileHandle temporary)
    {
        UnixFileMode mode = File.GetUnixFileMode(target) & Permissions;
        if (FileStatus.Of(target) is { } former && FileStatus.Of(temporary) is { } now && (former.Owner, former.Group) != (now.Owner, now.Group)
            && ChangeOwner(temporary, former.Owner, former.Group) != 0
            && former.Group != now.Group && ChangeOwner(temporary, now.Owner, former.Group) != 0)
            mode &= ~OfGroup;
        File.SetUnixFileMode(temporary, mode);
    }

    // The new name is an entry of the folder, which has a cache of its own. Best effort: some file systems cannot flush a folder.
    private static void FlushFolder(string path)
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

    [DllImport("libc", EntryPoint = "fchown")]
    [DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    private static extern int ChangeOwner(SafeFileHandle file, uint owner, uint group);
}
