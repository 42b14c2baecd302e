using System.Diagnostics;
using System.Runtime.Versioning;
using MiniTorch.IO;
using static MiniTorch.IO.AtomicFile;

namespace MiniTorch.Tests.Files;

/// <summary>A save leaves the old file or the new one, whole, whenever the process dies or the disk is full (docs/internals/checkpoint.md).</summary>
[Platform("Linux")]
[SupportedOSPlatform("linux")]
internal sealed class AtomicFileTests : AtomicFileFixture
{
    // The writes are the header's length, the header, and three tensors, one of them the default generator's.
    [Test]
    public void A_process_killed_at_any_write_or_step_leaves_the_old_file_or_the_new_one()
    {
        string file = Folder["killed.safetensors"];
        var writes = new List<long> { 0 };
        using (var stream = new WriteLengths(writes)) TrainingProcess.Sample(2).Write(stream);
        writes.Count.ShouldBe(6);
        foreach (string place in writes.SkipLast(1).Select(at => $"{at}").Concat(Enum.GetNames<Step>()))
        {
            TrainingProcess.Sample(1).Save(file);
            TrainingProcess.Save(file, 2, place).ExitCode.ShouldNotBe(0, place);

            bool isNew = place is nameof(Step.Renamed) or nameof(Step.FolderFlushed);
            Value(file).ShouldBe(isNew ? 2 : 1, place);
            string temporary = Path.GetFileName(TemporaryName(file, 0));
            Folder.Files.ShouldBe(isNew ? ["killed.safetensors"] : ["killed.safetensors", temporary], place);

            TrainingProcess.Sample(3).Save(file);
            Value(file).ShouldBe(3, place);
            Folder.Files.ShouldBe(["killed.safetensors"], place);
        }
    }

    [Test]
    public void An_error_at_any_step_leaves_the_old_file_or_the_new_one_and_nothing_else()
    {
        foreach (Step end in Enum.GetValues<Step>())
        {
            string file = Old("file");
            Should.Throw<InvalidOperationException>(() => AtomicFile.Write(file, stream => stream.Write("new"u8), step =>
            {
                if (step == end) throw new InvalidOperationException();
            }));
            File.ReadAllText(file).ShouldBe(end < Step.Renamed ? "old" : "new", $"{end}");
            Folder.Files.ShouldBe(["file"], $"{end}");
        }
    }

    [Test]
    public void A_save_within_a_save_leaves_the_other_temporary_file_alone()
    {
        string file = Old("file");
        File.WriteAllText(TemporaryName(file, 1), "stale");
        AtomicFile.Write(file, outer =>
        {
            File.WriteAllText(TemporaryName(file, 2), "stale");
            AtomicFile.Write(file, inner => inner.Write("inner"u8));
            File.ReadAllText(file).ShouldBe("inner");
            outer.Write("outer"u8);
        });
        File.ReadAllText(file).ShouldBe("outer");
        Folder.Files.ShouldBe(["file"]);
    }

    [Test]
    public void Only_temporary_files_of_the_same_file_that_are_files_are_removed()
    {
        string file = Old("a*b");
        string[] kept = ["a*b.tmp", "a*b.0.tmp", "a*b.minitorch-x.tmp", "aXb.minitorch-0.tmp", "a*b.minitorch-3.tmp.tmp"];
        foreach (string name in kept) Old(name);
        File.CreateSymbolicLink(TemporaryName(file, 0), "a*b.tmp");
        Directory.CreateDirectory(TemporaryName(file, 1));
        Command.Run("mkfifo", TemporaryName(file, 2));
        File.WriteAllText(TemporaryName(file, 3), "stale");

        Npy.Save(file, Tensor.Ones([3]));

        string[] odd = [.. new[] { 0, 2 }.Select(number => Path.GetFileName(TemporaryName(file, number)))];
        Folder.Files.ShouldBe([.. kept.Concat(odd).Append("a*b").Order()]);
        Directory.Exists(TemporaryName(file, 1)).ShouldBeTrue();
        foreach (string name in kept) IsOld(Folder[name]).ShouldBeTrue(name);
    }

    [Test]
    public void Processes_that_save_to_one_path_leave_a_whole_file_and_fail_neither_each_other_nor_a_reader()
    {
        string file = Folder["raced.safetensors"];
        TrainingProcess.Sample(0).Save(file);
        Process[] processes = [.. Enumerable.Range(1, 3).Select(value => TrainingProcess.Repeat(file, value, 100))];
        var seen = new HashSet<int>();
        while (processes.Any(process => !process.HasExited)) seen.Add(Value(file));
        foreach (Process process in processes)
        {
            process.ExitCode.ShouldBe(0, process.StandardOutput.ReadToEnd());
            process.Dispose();
        }
        Value(file).ShouldBeInRange(1, 3);
        seen.Count.ShouldBeGreaterThan(1);
        Folder.Files.ShouldBe(["raced.safetensors"]);
    }

    [Test]
    public void A_full_disk_is_an_IOException_and_keeps_the_old_file()
    {
        RequireRoot();
        Directory.CreateDirectory(Folder["disk"]);
        string? problem = TryRun("mount", "-t", "tmpfs", "-o", "size=64k", "minitorch", Folder["disk"]);
        if (problem is not null) Assert.Ignore($"no file system can be mounted: {problem}");
        try
        {
            foreach ((string name, Action<string> save) in Savers(size: 200))
            {
                string file = Folder["disk/file"];
                File.WriteAllText(file, "old");
                Refusal(() => save(file)).ShouldBeOfType<IOException>(name);
                IsOld(file).ShouldBeTrue(name);
                Directory.GetFiles(Folder["disk"]).ShouldBe([file], name);
            }
        }
        finally
        {
            Command.Run("umount", Folder["disk"]);
        }
    }

    [Test]
    public void A_limit_of_the_file_size_keeps_the_old_file()
    {
        string file = Folder["limited.safetensors"];
        TrainingProcess.Sample(1).Save(file);
        // The runtime maps files for its code that are larger, unless it is told not to.
        string[] limited = ["env", "DOTNET_EnableWriteXorExecute=0"], ignoring = [.. limited, "bash", "-c", "trap '' XFSZ; exec \"$@\"", "ignoring"];
        TrainingProcess.Save(file, 2, "limit", limited).ExitCode.ShouldBe(128 + 25); // SIGXFSZ
        Value(file).ShouldBe(1);
        TrainingProcess.Save(file, 2, "limit", ignoring).ShouldBe((1, nameof(IOException)));
        Value(file).ShouldBe(1);
        TrainingProcess.Sample(2).Save(file);
        Value(file).ShouldBe(2);
        Folder.Files.ShouldBe(["limited.safetensors"]);
    }

    /// <summary>Notes where each write ends.</summary>
    private sealed class WriteLengths(List<long> ends) : MemoryStream
    {
        public override void Write(ReadOnlySpan<byte> buffer)
        {
            base.Write(buffer);
            ends.Add(Length);
        }
    }
}
