using System.Diagnostics;

namespace MiniTorch.Tests.Files;

/// <summary>Runs Debian's Python where it is installed, to prove that files are exchanged with NumPy and PyTorch.</summary>
internal static class Python
{
    private const string Interpreter = "/usr/bin/python3";

    /// <summary>Makes the test inconclusive where Python or the module is not installed.</summary>
    public static void Assume(string module) =>
        NUnit.Framework.Assume.That(File.Exists(Interpreter)
            && Run($"import importlib.util, sys; sys.exit(importlib.util.find_spec('{module}') is None)").ExitCode == 0,
            $"{Interpreter} with {module} is not installed: the exchange is not tested on this machine");

    /// <summary>Runs a script, which must succeed, and returns what it prints.</summary>
    public static string Succeed(string script, params string[] arguments)
    {
        (int exitCode, string output, string errors) = Run(script, arguments);
        exitCode.ShouldBe(0, errors);
        return output;
    }

    private static (int ExitCode, string Output, string Errors) Run(string script, params string[] arguments)
    {
        var start = new ProcessStartInfo(Interpreter, ["-c", script, .. arguments]) { RedirectStandardOutput = true, RedirectStandardError = true };
        using Process process = Process.Start(start)!;
        Task<string> errors = process.StandardError.ReadToEndAsync();
        string output = process.StandardOutput.ReadToEnd();
        process.WaitForExit();
        return (process.ExitCode, output, errors.Result);
    }
}
