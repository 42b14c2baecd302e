namespace MiniTorch.IO;

/// <summary>Checks paths for errors that the file system would report as a wrong argument.</summary>
internal static class FilePath
{
    /// <summary>Returns the path if it can name a file.</summary>
    /// <exception cref="ValueException">The path is empty or contains a null character.</exception>
    public static string Checked(string path)
    {
        ArgumentNullException.ThrowIfNull(path);
        if (path.Length == 0) throw new ValueException("the path is empty; give the path of a file");
        if (path.Contains('\0'))
            throw new ValueException($"the path '{path.Replace("\0", "\\0", StringComparison.Ordinal)}' contains a null character, which file "
                + "names must not");
        return path;
    }
}
