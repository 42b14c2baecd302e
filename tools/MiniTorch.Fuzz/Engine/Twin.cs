using System.Diagnostics;
using System.Globalization;

namespace MiniTorch.Fuzz.Engine;

/// <summary>This program in another process that the runtime compiles differently; it runs the programs that it is sent.</summary>
internal sealed class Twin : IDisposable
{
    private readonly Process _process;
    private readonly BinaryReader _answers;

    /// <param name="name">How its machine code differs.</param>
    /// <param name="isExact">Whether it must give the same bits.</param>
    /// <param name="assembly">The program's file.</param>
    /// <param name="settings">Environment variables of the runtime.</param>
    public Twin(string name, bool isExact, string assembly, params ReadOnlySpan<(string Name, string Value)> settings)
    {
        (Name, IsExact) = (name, isExact);
        var start = new ProcessStartInfo(Environment.GetEnvironmentVariable("DOTNET_HOST_PATH") ?? "dotnet", ["exec", assembly, "twin"])
        {
            RedirectStandardInput = true,
            RedirectStandardOutput = true,
        };
        foreach ((string variable, string value) in settings) start.Environment[variable] = value;
        _process = Process.Start(start)!;
        _answers = new BinaryReader(_process.StandardOutput.BaseStream);
    }

    public string Name { get; }

    public bool IsExact { get; }

    /// <summary>Those of a processor without 512-bit vectors, without 256-bit ones, without any.</summary>
    public static Twin[] Narrower(string assembly) =>
    [
        new("256-bit vectors", false, assembly, ("DOTNET_EnableAVX512", "0")),
        new("128-bit vectors without FMA", false, assembly, ("DOTNET_EnableAVX2", "0")),
        new("one lane", false, assembly, ("DOTNET_EnableHWIntrinsic", "0")),
    ];

    /// <summary>That of a compiler which optimises nothing.</summary>
    public static Twin Unoptimised(string assembly) =>
        new("code that is not optimised", true, assembly, ("DOTNET_JITMinOpts", "1"), ("DOTNET_ReadyToRun", "0"));

    /// <summary>Sends a program.</summary>
    public void Start(FuzzProgram program)
    {
        _process.StandardInput.WriteLine(string.Join(' ', program.Choices));
        _process.StandardInput.Flush();
    }

    /// <summary>Waits for what the program gave.</summary>
    public Outcome Finish()
    {
        ulong digest = _answers.ReadUInt64();
        var samples = new double[_answers.ReadInt32()][];
        for (int i = 0; i < samples.Length; i++)
        {
            samples[i] = new double[_answers.ReadInt32()];
            for (int j = 0; j < samples[i].Length; j++) samples[i][j] = _answers.ReadDouble();
        }
        return new Outcome(digest, samples);
    }

    /// <summary>The other process: runs the programs on standard input until it ends.</summary>
    public static void Serve()
    {
        using var answers = new BinaryWriter(Console.OpenStandardOutput());
        while (Console.In.ReadLine() is { } line)
        {
            int[] choices = [.. line.Split(' ').Select(number => int.Parse(number, CultureInfo.InvariantCulture))];
            Outcome outcome = Evaluate(new Choices(choices));
            answers.Write(outcome.Digest);
            answers.Write(outcome.Samples.Length);
            foreach (double[] sample in outcome.Samples)
            {
                answers.Write(sample.Length);
                foreach (double value in sample) answers.Write(value);
            }
            answers.Flush();
        }
    }

    // What went wrong shows when the outcomes are compared.
    private static Outcome Evaluate(Choices choices)
    {
        try { return Checks.Evaluate(Draft.Draw(choices, OpRules.All)); }
        catch (Exception) { return Outcome.None; }
    }

    public void Dispose()
    {
        _process.StandardInput.Close();
        _process.WaitForExit();
        _process.Dispose();
    }
}
