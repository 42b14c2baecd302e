using System.Buffers.Binary;
using System.Runtime.InteropServices;
using Microsoft.Win32.SafeHandles;

namespace MiniTorch.IO;

/// <summary>File status that .NET does not provide, on Linux: the file's identity, its kind and its owner.</summary>
internal readonly record struct FileStatus(ulong Device, ulong Inode, uint Owner, uint Group, int Mode)
{
    private const int CurrentFolder = -100, OfHandle = 0x1000, OfLink = 0x100; // AT_FDCWD, AT_EMPTY_PATH, AT_SYMLINK_NOFOLLOW
    private const uint BasicFields = 0x7ff;
    private const int KindMask = 0xF000, Regular = 0x8000;

    public bool IsRegular => (Mode & KindMask) == Regular;

    /// <summary>The kind, with its article.</summary>
    public string Kind => (Mode & KindMask) switch
    {
        Regular => "a regular file",
        0x1000 => "a pipe",
        0x2000 or 0x6000 => "a device",
        0x4000 => "a folder",
        0xA000 => "a link",
        0xC000 => "a socket",
        _ => "of an unknown kind",
    };

    /// <summary>The status of a file; null if there is none, or if the system is not Linux.</summary>
    public static FileStatus? Of(string path, bool followLinks = false) =>
        Read(buffer => StatX(CurrentFolder, path, followLinks ? 0 : OfLink, BasicFields, buffer));

    /// <inheritdoc cref="Of(string, bool)"/>
    public static FileStatus? Of(SafeFileHandle file) => Read(buffer => StatX(file, "", OfHandle, BasicFields, buffer));

    private static FileStatus? Read(Func<byte[], int> call)
    {
        if (!OperatingSystem.IsLinux()) return null;
        byte[] buffer = new byte[256]; // struct statx, which has the same layout on all processors
        try
        {
            if (call(buffer) != 0) return null;
        }
        catch (EntryPointNotFoundException) // glibc before 2.28
        {
            return null;
        }
        return new FileStatus(((ulong)Field(136) << 32) | Field(140), Field(32) | ((ulong)Field(36) << 32), Field(20), Field(24), (ushort)Field(28));

        uint Field(int offset) => BinaryPrimitives.ReadUInt32LittleEndian(buffer.AsSpan(offset));
    }

    [DllImport("libc", EntryPoint = "statx")]
    [DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    private static extern int StatX(int folder, [MarshalAs(UnmanagedType.LPUTF8Str)] string path, int flags, uint fields, [Out] byte[] buffer);

    [DllImport("libc", EntryPoint = "statx")]
    [DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    private static extern int StatX(SafeFileHandle file, [MarshalAs(UnmanagedType.LPUTF8Str)] string empty, int flags, uint fields,
        [Out] byte[] data);
}
