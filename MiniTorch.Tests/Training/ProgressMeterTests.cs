using MiniTorch.Nn;

namespace MiniTorch.Tests.Training;

public class ProgressMeterTests
{
    private static string Line(int width, TimeSpan elapsed, int done = 45, string title = "epoch 3") =>
        new ProgressLine(title, done, 128, elapsed, done / elapsed.TotalSeconds, false, [("loss", 0.12345), ("accuracy", 0.9)]).Fit(width);

    [Test]
    public void A_wide_terminal_has_a_bar_the_rate_the_time_left_and_the_metrics() =>
        Line(120, TimeSpan.FromSeconds(9))
            .ShouldBe("epoch 3  [##########--------------------]  45/128  35%  5.0/s  0:16 left  loss 0.1235  accuracy 0.9000");

    [TestCase(70, "epoch 3  45/128  35%  5.0/s  0:16 left  loss 0.1235  accuracy 0.9000")]
    [TestCase(60, "epoch 3  45/128  0:16 left  loss 0.1235  accuracy 0.9000")]
    [TestCase(49, "45/128  0:16 left  loss 0.1235  accuracy 0.9000")]
    [TestCase(40, "45/128  loss 0.1235  accuracy 0.9000")]
    [TestCase(20, "45/128  loss 0.1235 ")]
    public void Narrow_terminal_has_no_bar(int width, string line) => Line(width, TimeSpan.FromSeconds(9)).ShouldBe(line);

    [Test]
    public void Line_never_exceeds_the_width([Range(1, 130)] int width)
    {
        foreach (int done in (int[])[0, 1, 64, 128, 500])
            Line(width, TimeSpan.FromSeconds(9), done).Length.ShouldBeLessThanOrEqualTo(width);
    }

    [TestCase(0.0, 0, "loss 0.0000", "")]
    [TestCase(1e-7, 10, "loss 1.00e-07", "1.2 s each  2:21 left")]
    [TestCase(double.NaN, 10, "loss NaN", "1.2 s each  2:21 left")]
    [TestCase(123456.0, 10, "loss 1.23e+05", "1.2 s each  2:21 left")]
    public void Numbers_of_any_size_stay_short(double value, int done, string metric, string pace)
    {
        string line = new ProgressLine("", done, 128, TimeSpan.FromSeconds(12), done / 12.0, false, [("loss", value)]).Plain();
        line.ShouldEndWith(metric);
        line.ShouldContain(pace);
    }

    [Test]
    public void Time_of_a_long_run_is_in_hours_and_days()
    {
        new ProgressLine("", 1, 1000, TimeSpan.FromHours(1), 1 / 3600.0, false, []).Plain().ShouldBe("1/1000  0%  3600.0 s each  41d 15:00:00 left");
        new ProgressLine("", 2, 2, TimeSpan.FromMinutes(61), 1, true, []).Plain().ShouldBe("2/2  100%  1.0/s  in 1:01:00");
        new ProgressLine("", 1, int.MaxValue, TimeSpan.FromHours(1), 1e-300, false, []).Plain().ShouldContain("1/2147483647");
    }

    [Test]
    public void A_terminals_line_is_rewritten_in_place_ten_times_a_second_and_ended()
    {
        var clock = new StoppedClock();
        using var text = new StringWriter();
        using (var meter = new ProgressMeter(50, "", 0, new ProgressOutput(text, () => 41, clock)))
            for (int i = 0; i < 50; i++)
            {
                clock.Now += TimeSpan.FromMilliseconds(50);
                meter.Step(("loss", i == 0 ? 100 : 1));
            }
        string[] drawn = text.ToString().Split('\r')[1..];
        drawn.Length.ShouldBe(26); // every second step, and the end
        drawn[0].ShouldBe("1/50  20.0/s  0:02 left  loss 100.0000");
        drawn[1].ShouldStartWith("3/50");
        drawn.ShouldAllBe(line => line.TrimEnd('\n').Length <= 40);
        drawn[^1].ShouldEndWith("\n");
        drawn[^1].ShouldContain("in 0:02  loss 1.0000");
        // Each drawing covers what the one before left.
        for (int i = 1; i < drawn.Length; i++) drawn[i].TrimEnd('\n').Length.ShouldBeGreaterThanOrEqualTo(drawn[i - 1].TrimEnd().Length);
        text.ToString().ShouldAllBe(c => c >= ' ' || c == '\r' || c == '\n', "no colours, no escapes");
    }

    [Test]
    public void A_file_gets_whole_lines_every_ten_seconds_and_one_at_the_end()
    {
        var clock = new StoppedClock();
        using var text = new StringWriter();
        using (var meter = new ProgressMeter(30, "epoch 1", 0, new ProgressOutput(text, null, clock)))
            for (int i = 0; i < 30; i++)
            {
                clock.Now += TimeSpan.FromSeconds(1);
                meter.Step(("loss", 0.5));
            }
        text.ToString().ReplaceLineEndings("\n").ShouldBe(
            "epoch 1  10/30  33%  1.0/s  0:20 left  loss 0.5000\nepoch 1  20/30  66%  1.0/s  0:10 left  loss 0.5000\n"
            + "epoch 1  30/30  100%  1.0/s  0:00 left  loss 0.5000\nepoch 1  30/30  100%  1.0/s  in 0:30  loss 0.5000\n");
    }

    [Test]
    public void A_run_that_is_gone_on_with_counts_all_steps_and_times_its_own()
    {
        var clock = new StoppedClock();
        using var text = new StringWriter();
        using (var meter = new ProgressMeter(30, "", 20, new ProgressOutput(text, null, clock)))
        {
            clock.Now = TimeSpan.FromSeconds(2);
            meter.Step();
        }
        text.ToString().TrimEnd().ShouldBe("21/30  70%  2.0 s each  in 0:02");
    }

    [Test]
    public void Impossible_counts_are_refused()
    {
        Should.Throw<ValueException>(() => new ProgressMeter(-1)).Message.ShouldContain("0 of -1");
        Should.Throw<ValueException>(() => new ProgressMeter(5, done: 6)).Message.ShouldContain("6 of 5");
    }

    [Test]
    public void A_loop_without_steps_and_one_with_more_than_announced_are_shown()
    {
        var clock = new StoppedClock();
        using var text = new StringWriter();
        new ProgressMeter(0, "empty", 0, new ProgressOutput(text, null, clock)).Dispose();
        text.ToString().TrimEnd().ShouldBe("empty  0/0  in 0:00");
        Line(120, TimeSpan.FromSeconds(9), done: 500, title: "").ShouldContain("[##############################]  500/128  100%");
    }
}
