using System.Globalization;
using MiniTorch.IO;

namespace MiniTorch.Tests.Files;

/// <summary>Training that is stopped and gone on with ends in the same bits as training that is not.</summary>
public class ResumeTests
{
    private const int Steps = 20; // an epoch has 7

    private readonly TemporaryFolder _folder = new();

    [OneTimeTearDown]
    public void Remove() => _folder.Dispose();

    private static string Uninterrupted(int steps)
    {
        var run = new TrainingRun();
        run.TrainTo(steps);
        return run.Fingerprint();
    }

    [Test]
    public void Resuming_after_any_step_changes_nothing([Range(1, 15)] int stop, [Values(0, 2)] int prefetch)
    {
        string expected = Uninterrupted(Steps);
        var first = new TrainingRun(prefetch);
        first.TrainTo(stop);
        first.Parts.Save(_folder["run.safetensors"]);

        var second = new TrainingRun(prefetch);
        second.Parts.TryLoad(_folder["run.safetensors"]).ShouldBeTrue();
        second.Steps.ShouldBe(stop);
        second.TrainTo(Steps);

        second.Fingerprint().ShouldBe(expected);
    }

    [Test]
    public void Fingerprints_of_different_runs_differ()
    {
        Uninterrupted(Steps).ShouldBe(Uninterrupted(Steps));
        Uninterrupted(Steps).ShouldNotBe(Uninterrupted(Steps - 1));
    }

    [Test]
    public void A_file_cut_at_any_byte_is_refused_and_changes_nothing()
    {
        var run = new TrainingRun();
        run.TrainTo(3);
        run.Parts.Save(_folder["whole.safetensors"]);
        byte[] whole = File.ReadAllBytes(_folder["whole.safetensors"]);
        string before = run.Fingerprint();
        var random = new Random(1);
        foreach (int length in Enumerable.Range(0, 100).Select(_ => random.Next(whole.Length)).Append(whole.Length - 1))
        {
            string cut = _folder.Write("cut.safetensors", whole.AsSpan(0, length));
            Should.Throw<FileFormatException>(() => run.Parts.TryLoad(cut), $"{length} of {whole.Length} bytes");
        }
        run.Fingerprint().ShouldBe(before);
    }

    [Test]
    public void A_write_that_stops_at_any_byte_leaves_the_last_checkpoint()
    {
        var run = new TrainingRun();
        run.TrainTo(3);
        run.Parts.Save(_folder["kept.safetensors"]);
        long length = new FileInfo(_folder["kept.safetensors"]).Length;
        string saved = run.Fingerprint();
        run.TrainTo(5);
        var random = new Random(2);
        for (int i = 0; i < 100; i++)
        {
            long place = random.NextInt64(length);
            Should.Throw<IOException>(() =>
                AtomicFile.Write(_folder["kept.safetensors"],
                    stream => run.Parts.Write(new BreakingStream(stream, place, () => throw new IOException("the disk is gone")))));
            var resumed = new TrainingRun();
            resumed.Parts.TryLoad(_folder["kept.safetensors"]).ShouldBeTrue();
            resumed.Fingerprint().ShouldBe(saved);
        }
    }

    [Test]
    public void Kills_at_random_bytes_of_a_write_change_nothing()
    {
        string file = _folder["killed.safetensors"];
        var random = new Random(3);
        int kills = int.Parse(Environment.GetEnvironmentVariable("MINITORCH_KILLS") ?? "20", CultureInfo.InvariantCulture);
        var sample = new TrainingRun();
        sample.TrainTo(1);
        sample.Parts.Save(_folder["sample.safetensors"]);
        long length = new FileInfo(_folder["sample.safetensors"]).Length;

        // Each process goes on from the last whole file, adds a step to it, and dies while it saves the next.
        for (int kill = 1; kill <= kills; kill++) TrainingProcess.Run(file, kill + 1, random.NextInt64(length));

        // The next save of each process removes the temporary file of the one before.
        Directory.GetFiles(_folder[""], "killed.safetensors.*tmp").ShouldBe([AtomicFile.TemporaryName(file, 0)]);
        var survivor = new TrainingRun();
        survivor.Parts.TryLoad(file).ShouldBeTrue();
        survivor.Steps.ShouldBe(kills);
        survivor.Fingerprint().ShouldBe(Uninterrupted(kills));
    }
}
