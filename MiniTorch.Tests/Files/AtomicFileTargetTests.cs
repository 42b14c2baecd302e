using System.Net.Sockets;
using System.Runtime.Versioning;
using MiniTorch.IO;
using static MiniTorch.IO.AtomicFile;

namespace MiniTorch.Tests.Files;

/// <summary>A save replaces a file's content and nothing else, whatever is at the path.</summary>
[Platform("Linux")]
[SupportedOSPlatform("linux")]
internal sealed class AtomicFileTargetTests : AtomicFileFixture
{
    private const int Nobody = 65534;

    private const UnixFileMode Default = UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.GroupRead | UnixFileMode.OtherRead;

    private static readonly string[] s_asNobody = ["setpriv", $"--reuid={Nobody}", $"--regid={Nobody}", "--clear-groups"];

    private static IEnumerable<TestCaseData> Writers => Savers(size: 1).Select(saver => new TestCaseData(saver.Save).SetArgDisplayNames(saver.Name));

    // A folder that another user may use, and a process of that user; the user must reach the runtime and the tests.
    private void RequireNobody()
    {
        RequireRoot();
        Command.Run("chmod", "777", Folder[""]);
        (int code, _) = TrainingProcess.Save(Folder["probe"], 1, "", s_asNobody);
        if (code != 0) Assert.Ignore("another user cannot start the runtime here");
        File.Delete(Folder["probe"]);
    }

    [TestCaseSource(nameof(Writers))]
    public void A_save_through_links_replaces_the_file_they_lead_to(Action<string> save)
    {
        Directory.CreateDirectory(Folder["far/deep"]);
        File.CreateSymbolicLink(Folder["folder"], "far/deep");
        string[][] cases = [[Folder["a"]], ["b"], ["far/c"], ["far/deep/../d"], ["folder/../far_e"], ["first", "f"], ["folder/g"]];
        foreach (bool exists in (bool[])[true, false])
            foreach (string[] chain in cases)
            {
                // The last name is the file; "folder/.." is far, since folder is a link to far/deep.
                string file = Folder[chain[^1].Replace("folder/../", "far/").Replace("deep/../", "")];
                string link = Folder[$"link{exists}{Path.GetFileName(file)}"];
                string at = link;
                foreach (string next in chain)
                {
                    File.CreateSymbolicLink(at, next);
                    at = Folder[next];
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
                if (chain.Length > 1) File.Delete(Folder[chain[0]]);
            }
        Directory.GetFiles(Folder[""], "*", SearchOption.AllDirectories).ShouldBeEmpty();
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
            string owner = IsRoot ? "12345 23456" : Command.Run("stat", "-c", "%u %g", Folder[""]).Trim();
            Command.Run("stat", "-c", "%a %u %g", file).Trim().ShouldBe($"{Convert.ToString(mode, 8)} {owner}");
            File.Delete(file);
        }
        save(Folder["new"]);
        File.WriteAllText(Folder["plain"], "");
        File.GetUnixFileMode(Folder["new"]).ShouldBe(File.GetUnixFileMode(Folder["plain"]));
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
    public void Path_of_no_regular_file_is_refused_and_unchanged(Action<string> save)
    {
        Directory.CreateDirectory(Folder["folder"]);
        Command.Run("mkfifo", Folder["pipe"]);
        using var socket = new Socket(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified);
        socket.Bind(new UnixDomainSocketEndPoint(Folder["socket"]));
        var names = new List<string> { "folder", "folder/", "pipe", "socket" };
        foreach (string kind in (string[])["c", "b"])
        {
            // A node of this folder's own, with numbers that no driver has.
            if (!IsRoot || TryRun("mknod", Folder[$"device{kind}"], kind, "511", "4095") is not null) continue;
            names.Add($"device{kind}");
        }
        foreach (string name in names.ToArray())
        {
            if (name.EndsWith('/')) continue;
            File.CreateSymbolicLink(Folder[$"to{name}"], name);
            names.Add($"to{name}");
        }
        File.CreateSymbolicLink(Folder["loop"], "pool");
        File.CreateSymbolicLink(Folder["pool"], "loop");
        names.Add("loop");
        string before = Command.Run("find", Folder[""], "-printf", "%p %y %m %i %l\n");

        foreach (string name in names)
            Refusal(() => save(Folder[name])).ShouldBeOfType<IOException>(name).Message.ShouldContain(Folder[name], Case.Sensitive, name);

        Command.Run("find", Folder[""], "-printf", "%p %y %m %i %l\n").ShouldBe(before);
        Refusal(() => save(Folder["absent/"])).ShouldBeOfType<IOException>();
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
        Command.Run("ln", Old("file"), Folder["other"]);
        Npy.Save(Folder["file"], Tensor.Ones([3]));
        IsOld(Folder["other"]).ShouldBeTrue();
        IsOld(Folder["file"]).ShouldBeFalse();
    }

    [Test]
    public void A_file_that_a_user_may_not_write_to_is_not_replaced()
    {
        RequireNobody();
        TrainingProcess.Sample(1).Save(Folder["mine"]);
        TrainingProcess.Sample(1).Save(Folder["read-only"]);
        Command.Run("chown", $"{Nobody}:{Nobody}", Folder["read-only"]);
        File.SetUnixFileMode(Folder["read-only"], UnixFileMode.UserRead);
        Directory.CreateDirectory(Folder["closed"]);
        Directory.CreateDirectory(Folder["sticky"]);
        Command.Run("chmod", "1777", Folder["sticky"]);
        TrainingProcess.Sample(1).Save(Folder["sticky/file"]);
        File.SetUnixFileMode(Folder["sticky/file"], Default | UnixFileMode.OtherWrite);
        string before = Command.Run("find", Folder[""], "-printf", "%p %y %m %U %i %l\n");

        foreach (string name in (string[])["mine", "read-only", "closed/new", "sticky/file"])
            TrainingProcess.Save(Folder[name], 2, "", s_asNobody).ShouldBe((1, nameof(UnauthorizedAccessException)), name);

        Command.Run("find", Folder[""], "-printf", "%p %y %m %U %i %l\n").ShouldBe(before);
        TrainingProcess.Save(Folder["sticky/new"], 2, "", s_asNobody).ExitCode.ShouldBe(0);
    }

    [Test]
    public void A_user_who_may_write_to_the_file_of_another_becomes_its_owner_and_gives_no_new_rights()
    {
        RequireNobody();
        TrainingProcess.Sample(1).Save(Folder["shared"]);
        File.SetUnixFileMode(Folder["shared"], (UnixFileMode)0x1B6); // 666
        TrainingProcess.Save(Folder["shared"], 2, "", s_asNobody).ExitCode.ShouldBe(0);
        Command.Run("stat", "-c", "%a %u", Folder["shared"]).Trim().ShouldBe($"606 {Nobody}");
    }

    [Test]
    public void Any_name_that_the_system_allows_can_be_saved_to_and_is_swept()
    {
        string[] names =
        [
            "büro.safetensors", "bu\u0308ro", "重み", "😀.npz", " ", "a b", "-rf", "*", "?[a]", "'\"\\", "line\nbreak", ".hidden", "...", "~", "$HOME",
                "tmp.tmp",
            new string('a', 255),
            new string('重', 85), string.Concat(Enumerable.Repeat("😀", 63)), "a" + string.Concat(Enumerable.Repeat("😀", 63)),
        ];
        foreach (string name in names)
        {
            string file = Folder[name];
            File.WriteAllText(TemporaryName(file, 0), "stale");
            TrainingProcess.Sample(1).Save(file);
            TrainingProcess.Sample(2).Save(file);
            Value(file).ShouldBe(2, name);
            Folder.Files.ShouldBe([name], name);
            File.Delete(file);
        }
    }
}
