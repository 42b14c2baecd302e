namespace MiniTorch.IO;

/// <summary>Checks of paths that the file system itself would report as a wrong argument.</summary>
internal static class FilePath
{
    /// <summary>The path, if it can name a file.</summary>
    /// <exception cref="ValueException">The path is empty or holds a null character.</exception>
    public static string Checked(string path)
    {
        ArgumentNullException.ThrowIfNull(path);
        if (path.Length == 0) throw new ValueException("the path is empty; give the path of a file");
        if (path.Contains('\0')) throw new ValueException($"the path '{path.Replace("\0", "\\0", StringComparison.Ordinal)}' holds a null character, which no file name may");
        return path;
    }
}
