using System.ComponentModel;
using System.Diagnostics;

namespace MiniTorch.Tests;

/// <summary>Other programs.</summary>
internal static class Command
{
    /// <summary>Runs a program to its end and gives what it printed.</summary>
    /// <exception cref="InvalidOperationException">It is not there, or failed; the message has what it printed.</exception>
    public static string Run(string program, params string[] arguments) => Run(new ProcessStartInfo(program, arguments));

    /// <summary>As <see cref="Run(string, string[])"/>, with a folder or an environment of its own.</summary>
    public static string Run(ProcessStartInfo start)
    {
        (start.RedirectStandardOutput, start.RedirectStandardError) = (true, true);
        string line = $"{start.FileName} {string.Join(' ', start.ArgumentList)}";
        try
        {
            using Process process = Process.Start(start)!;
            Task<string> output = process.StandardOutput.ReadToEndAsync();
            string errors = process.StandardError.ReadToEnd();
            process.WaitForExit();
            return process.ExitCode == 0 ? output.Result
                : throw new InvalidOperationException($"{line} exited with {process.ExitCode}: {output.Result}{errors}");
        }
        catch (Win32Exception error)
        {
            throw new InvalidOperationException($"{line}: {error.Message}", error);
        }
    }
}
