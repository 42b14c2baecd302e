using System.Diagnostics;
using System.Net.Sockets;
using System.Runtime.Versioning;
using MiniTorch.IO;
using MiniTorch.Nn;
using static MiniTorch.IO.AtomicFile;

namespace MiniTorch.Tests.Files;

/// <summary>
/// All that writes a file replaces its content and nothing else, whatever is at the path and whenever the process dies (docs/internals/checkpoint.md).
/// </summary>
[Platform("Linux")]
[SupportedOSPlatform("linux")]
internal sealed class AtomicFileTests
{
    private const int Nobody = 65534;

    private const UnixFileMode Default = UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.GroupRead | UnixFileMode.OtherRead;

    private static readonly string[] s_asNobody = ["setpriv", $"--reuid={Nobody}", $"--regid={Nobody}", "--clear-groups"];

    private TemporaryFolder _folder = null!;

    [SetUp]
    public void Create() => _folder = new TemporaryFolder();

    [TearDown]
    public void Remove() => _folder.Dispose();

    private static readonly (string Name, Action<string> Save)[] s_writers =
    [
        ("Npy", path => Npy.Save(path, Tensor.Ones([3]))),
        ("Npz", path => Npz.Save(path, new Dictionary<string, Tensor> { ["a"] = Tensor.Ones([3]) })),
        ("Npz compressed", path => Npz.Save(path, new Dictionary<string, Tensor> { ["a"] = Tensor.Ones([3]) }, compressed: true)),
        ("Safetensors", path => Safetensors.Save(path, new Dictionary<string, Tensor> { ["a"] = Tensor.Ones([3]) })),
        ("Checkpoint", path => new Checkpoint { ["a"] = Tensor.Ones([3]) }.Save(path)),
        ("Onnx", path => Onnx.Export(new Linear(2, 1), Tensor.Ones([1, 2]), path)),
        ("TrainingReport", path =>
        {
            using var report = new TrainingReport(path) { ThrowsOnError = true };
            report.Write();
        }),
    ];

    private static IEnumerable<TestCaseData> Writers => s_writers.Select(writer => new TestCaseData(writer.Save).SetArgDisplayNames(writer.Name));

    private string Old(string name) => _folder.Write(name, "old"u8);

    private static bool IsOld(string path) => File.ReadAllText(path) == "old";

    // Onnx and TrainingReport wrap what the system said.
    private static Exception Refusal(Action save)
    {
        Exception error = Should.Throw<Exception>(save);
        return error is MiniTorchException ? error.InnerException! : error;
    }

    private static bool IsRoot => Environment.UserName == "root";

    private static void RequireRoot()
    {
        if (!IsRoot) Assert.Ignore("only root can do this");
    }

    // A folder that another user may use, and a process of that user; the user must reach the runtime and the tests.
    private void RequireNobody()
    {
        RequireRoot();
        Command.Run("chmod", "777", _folder[""]);
        (int code, _) = TrainingProcess.Save(_folder["probe"], 1, "", s_asNobody);
        if (code != 0) Assert.Ignore("another user cannot start the runtime here");
        File.Delete(_folder["probe"]);
    }

    [TestCaseSource(nameof(Writers))]
    public void A_save_through_links_replaces_the_file_they_lead_to(Action<string> save)
    {
        Directory.CreateDirectory(_folder["far/deep"]);
        File.CreateSymbolicLink(_folder["folder"], "far/deep");
        string[][] cases = [[_folder["a"]], ["b"], ["far/c"], ["far/deep/../d"], ["folder/../far_e"], ["first", "f"], ["folder/g"]];
        foreach (bool exists in (bool[])[true, false])
            foreach (string[] chain in cases)
            {
                // The last name is the file; "folder/.." is far, since folder is a link to far/deep.
                string file = _folder[chain[^1].Replace("folder/../", "far/").Replace("deep/../", "")];
                string link = _folder[$"link{exists}{Path.GetFileName(file)}"];
                string at = link;
                foreach (string next in chain)
                {
                    File.CreateSymbolicLink(at, next);
                    at = _folder[next];
                }
                if (exists) File.WriteAllText(file, "old");

                save(link);

                new FileInfo(link).LinkTarget.ShouldBe(chain[0]);
                File.Exists(file).ShouldBeTrue(link);
                new FileInfo(file).LinkTarget.ShouldBeNull();
                IsOld(file).ShouldBeFalse(link);
                File.ReadAllBytes(link).ShouldBe(File.ReadAllBytes(file));
                File.Delete(link);
                File.Delete(file);
                if (chain.Length > 1) File.Delete(_folder[chain[0]]);
            }
        Directory.GetFiles(_folder[""], "*", SearchOption.AllDirectories).ShouldBeEmpty();
    }

    [TestCaseSource(nameof(Writers))]
    public void A_save_keeps_permissions_and_owner(Action<string> save)
    {
        foreach (int mode in (int[])[0x180, 0x1A0, 0x1A4, 0x1B6, 0x1ED]) // 600, 640, 644, 666, 755
        {
            string file = Old("file");
            if (IsRoot) Command.Run("chown", "12345:23456", file);
            File.SetUnixFileMode(file, (UnixFileMode)mode);
            save(file);
            IsOld(file).ShouldBeFalse();
            string owner = IsRoot ? "12345 23456" : Command.Run("stat", "-c", "%u %g", _folder[""]).Trim();
            Command.Run("stat", "-c", "%a %u %g", file).Trim().ShouldBe($"{Convert.ToString(mode, 8)} {owner}");
            File.Delete(file);
        }
        save(_folder["new"]);
        File.WriteAllText(_folder["plain"], "");
        File.GetUnixFileMode(_folder["new"]).ShouldBe(File.GetUnixFileMode(_folder["plain"]));
    }

    [Test]
    public void A_temporary_file_is_never_readable_by_more_users_than_the_file()
    {
        string file = Old("secret");
        File.SetUnixFileMode(file, UnixFileMode.UserRead | UnixFileMode.UserWrite);
        AtomicFile.Write(file, stream => File.GetUnixFileMode(TemporaryName(file, 0)).ShouldBe(UnixFileMode.UserRead | UnixFileMode.UserWrite));
    }

    [Test]
    public void A_save_drops_set_user_id_as_a_plain_write_does()
    {
        string file = Old("file");
        File.SetUnixFileMode(file, Default | UnixFileMode.SetUser | UnixFileMode.SetGroup);
        Npy.Save(file, Tensor.Ones([3]));
        File.GetUnixFileMode(file).ShouldBe(Default);
    }

    [TestCaseSource(nameof(Writers))]
    public void What_is_no_regular_file_is_refused_and_stays(Action<string> save)
    {
        Directory.CreateDirectory(_folder["folder"]);
        Command.Run("mkfifo", _folder["pipe"]);
        using var socket = new Socket(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified);
        socket.Bind(new UnixDomainSocketEndPoint(_folder["socket"]));
        var names = new List<string> { "folder", "folder/", "pipe", "socket" };
        foreach (string kind in (string[])["c", "b"])
        {
            // A node of this folder's own, with numbers that no driver has.
            if (!IsRoot || TryRun("mknod", _folder[$"device{kind}"], kind, "511", "4095") is not null) continue;
            names.Add($"device{kind}");
        }
        foreach (string name in names.ToArray())
        {
            if (name.EndsWith('/')) continue;
            File.CreateSymbolicLink(_folder[$"to{name}"], name);
            names.Add($"to{name}");
        }
        File.CreateSymbolicLink(_folder["loop"], "pool");
        File.CreateSymbolicLink(_folder["pool"], "loop");
        names.Add("loop");
        string before = Command.Run("find", _folder[""], "-printf", "%p %y %m %i %l\n");

        foreach (string name in names)
            Refusal(() => save(_folder[name])).ShouldBeOfType<IOException>(name).Message.ShouldContain(_folder[name], Case.Sensitive, name);

        Command.Run("find", _folder[""], "-printf", "%p %y %m %i %l\n").ShouldBe(before);
        Refusal(() => save(_folder["absent/"])).ShouldBeOfType<IOException>();
    }

    [Test]
    public void A_pipe_that_only_a_descriptor_leads_to_is_refused()
    {
        using var pipe = new System.IO.Pipes.AnonymousPipeServerStream();
        string path = $"/proc/self/fd/{pipe.SafePipeHandle.DangerousGetHandle()}";
        Should.Throw<IOException>(() => Npy.Save(path, Tensor.Ones([3]))).Message.ShouldContain("only a regular file");
    }

    [Test]
    public void Another_hard_link_keeps_the_old_content()
    {
        Command.Run("ln", Old("file"), _folder["other"]);
        Npy.Save(_folder["file"], Tensor.Ones([3]));
        IsOld(_folder["other"]).ShouldBeTrue();
        IsOld(_folder["file"]).ShouldBeFalse();
    }

    [Test]
    public void A_file_that_a_user_may_not_write_to_is_not_replaced()
    {
        RequireNobody();
        TrainingProcess.Sample(1).Save(_folder["mine"]);
        TrainingProcess.Sample(1).Save(_folder["read-only"]);
        Command.Run("chown", $"{Nobody}:{Nobody}", _folder["read-only"]);
        File.SetUnixFileMode(_folder["read-only"], UnixFileMode.UserRead);
        Directory.CreateDirectory(_folder["closed"]);
        Directory.CreateDirectory(_folder["sticky"]);
        Command.Run("chmod", "1777", _folder["sticky"]);
        TrainingProcess.Sample(1).Save(_folder["sticky/file"]);
        File.SetUnixFileMode(_folder["sticky/file"], Default | UnixFileMode.OtherWrite);
        string before = Command.Run("find", _folder[""], "-printf", "%p %y %m %U %i %l\n");

        foreach (string name in (string[])["mine", "read-only", "closed/new", "sticky/file"])
            TrainingProcess.Save(_folder[name], 2, "", s_asNobody).ShouldBe((1, nameof(UnauthorizedAccessException)), name);

        Command.Run("find", _folder[""], "-printf", "%p %y %m %U %i %l\n").ShouldBe(before);
        TrainingProcess.Save(_folder["sticky/new"], 2, "", s_asNobody).ExitCode.ShouldBe(0);
    }

    [Test]
    public void A_user_who_may_write_to_the_file_of_another_becomes_its_owner_and_gives_no_new_rights()
    {
        RequireNobody();
        TrainingProcess.Sample(1).Save(_folder["shared"]);
        File.SetUnixFileMode(_folder["shared"], (UnixFileMode)0x1B6); // 666
        TrainingProcess.Save(_folder["shared"], 2, "", s_asNobody).ExitCode.ShouldBe(0);
        Command.Run("stat", "-c", "%a %u", _folder["shared"]).Trim().ShouldBe($"606 {Nobody}");
    }

    // The writes are the header's length, the header, and three tensors, one of them the default generator's.
    [Test]
    public void A_process_killed_at_any_write_or_step_leaves_the_old_file_or_the_new_one()
    {
        string file = _folder["killed.safetensors"];
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
            _folder.Files.ShouldBe(isNew ? ["killed.safetensors"] : ["killed.safetensors", temporary], place);

            TrainingProcess.Sample(3).Save(file);
            Value(file).ShouldBe(3, place);
            _folder.Files.ShouldBe(["killed.safetensors"], place);
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
            _folder.Files.ShouldBe(["file"], $"{end}");
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
        _folder.Files.ShouldBe(["file"]);
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
        _folder.Files.ShouldBe([.. kept.Concat(odd).Append("a*b").Order()]);
        Directory.Exists(TemporaryName(file, 1)).ShouldBeTrue();
        foreach (string name in kept) IsOld(_folder[name]).ShouldBeTrue(name);
    }

    [Test]
    public void Processes_that_save_to_one_path_leave_a_whole_file_and_fail_neither_each_other_nor_a_reader()
    {
        string file = _folder["raced.safetensors"];
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
        _folder.Files.ShouldBe(["raced.safetensors"]);
    }

    [Test]
    public void A_full_disk_is_an_IOException_and_keeps_the_old_file()
    {
        RequireRoot();
        Directory.CreateDirectory(_folder["disk"]);
        string? problem = TryRun("mount", "-t", "tmpfs", "-o", "size=64k", "minitorch", _folder["disk"]);
        if (problem is not null) Assert.Ignore($"no file system can be mounted: {problem}");
        try
        {
            foreach ((string name, Action<string> save) in Large)
            {
                string file = _folder["disk/file"];
                File.WriteAllText(file, "old");
                Refusal(() => save(file)).ShouldBeOfType<IOException>(name);
                IsOld(file).ShouldBeTrue(name);
                Directory.GetFiles(_folder["disk"]).ShouldBe([file], name);
            }
        }
        finally
        {
            Command.Run("umount", _folder["disk"]);
        }
    }

    private static IEnumerable<(string Name, Action<string> Save)> Large
    {
        get
        {
            Tensor tensor = Tensor.Randn([40_000], new Generator(1));
            var named = new Dictionary<string, Tensor> { ["a"] = tensor };
            yield return ("Npy", path => Npy.Save(path, tensor));
            yield return ("Npz", path => Npz.Save(path, named));
            yield return ("Npz compressed", path => Npz.Save(path, named, compressed: true));
            yield return ("Safetensors", path => Safetensors.Save(path, named));
            yield return ("Checkpoint", path => new Checkpoint { ["a"] = tensor }.Save(path));
            yield return ("Onnx", path => Onnx.Export(new Linear(200, 200), Tensor.Ones([1, 200]), path));
            yield return ("TrainingReport", path =>
            {
                using var report = new TrainingReport(path) { ThrowsOnError = true, Summary = new string('x', 100_000) };
                report.Write();
            }
            );
        }
    }

    [Test]
    public void A_limit_of_the_file_size_keeps_the_old_file()
    {
        string file = _folder["limited.safetensors"];
        TrainingProcess.Sample(1).Save(file);
        // The runtime maps files for its code that are larger, unless it is told not to.
        string[] limited = ["env", "DOTNET_EnableWriteXorExecute=0"], ignoring = [.. limited, "bash", "-c", "trap '' XFSZ; exec \"$@\"", "ignoring"];
        TrainingProcess.Save(file, 2, "limit", limited).ExitCode.ShouldBe(128 + 25); // SIGXFSZ
        Value(file).ShouldBe(1);
        TrainingProcess.Save(file, 2, "limit", ignoring).ShouldBe((1, nameof(IOException)));
        Value(file).ShouldBe(1);
        TrainingProcess.Sample(2).Save(file);
        Value(file).ShouldBe(2);
        _folder.Files.ShouldBe(["limited.safetensors"]);
    }

    [Test]
    public void Any_name_that_the_system_allows_can_be_saved_to_and_is_swept()
    {
        string[] names =
        [
            "büro.safetensors", "bu\u0308ro", "重み", "😀.npz", " ", "a b", "-rf", "*", "?[a]", "'\"\\", "line\nbreak", ".hidden", "...", "~", "$HOME", "tmp.tmp",
            new string('a', 255),
            new string('重', 85), string.Concat(Enumerable.Repeat("😀", 63)), "a" + string.Concat(Enumerable.Repeat("😀", 63)),
        ];
        foreach (string name in names)
        {
            string file = _folder[name];
            File.WriteAllText(TemporaryName(file, 0), "stale");
            TrainingProcess.Sample(1).Save(file);
            TrainingProcess.Sample(2).Save(file);
            Value(file).ShouldBe(2, name);
            _folder.Files.ShouldBe([name], name);
            File.Delete(file);
        }
    }

    private static int Value(string file)
    {
        Checkpoint parts = TrainingProcess.Sample(-1);
        parts.TryLoad(file).ShouldBeTrue();
        int value = parts.Get<int>("value");
        parts.Get<Tensor>("weights").ToArray<float>().ShouldAllBe(weight => weight == value);
        return value;
    }

    // What the program said, if it failed.
    private static string? TryRun(string program, params string[] arguments)
    {
        try
        {
            Command.Run(program, arguments);
            return null;
        }
        catch (InvalidOperationException error)
        {
            return error.Message;
        }
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
