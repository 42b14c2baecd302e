using System.Diagnostics;
using System.IO.Compression;
using System.Text.Json;
using MiniTorch.Nn;
using MiniTorch.Optim;

namespace MiniTorch.Tests.Optim;

public class ScheduleTests
{
    private static SGD Optimizer(double lr = 0.1) => new([new Parameter(Tensor.Ones([1]))], lr, momentum: 0.9);

    [Test]
    public void Every_group_has_its_rate()
    {
        SGD optimizer = Optimizer();
        optimizer.AddGroup(new ParameterGroup([new Parameter(Tensor.Ones([1]))]) { ["lr"] = 0.01 });
        var schedule = new ExponentialLR(optimizer, 0.5);
        schedule.Step();
        schedule.LastLr.ShouldBe([0.05, 0.005]);
        $"{schedule.LastLr:F2}".ShouldBe("0.05, 0.01");
    }

    /// <summary>What data/schedule_pairs.py wrote.</summary>
    public sealed record PairFile(double[] BaseLrs, int Milestone, double[] Metrics, PairRow[] Rows)
    {
        private static readonly JsonSerializerOptions s_json = new() { PropertyNamingPolicy = JsonNamingPolicy.SnakeCaseLower };

        internal static readonly PairFile Instance = Read();

        private static PairFile Read()
        {
            using var stream = new GZipStream(File.OpenRead(Path.Combine(AppContext.BaseDirectory, "Optim", "data", "schedule_pairs.json.gz")),
                CompressionMode.Decompress);
            return JsonSerializer.Deserialize<PairFile>(stream, s_json)!;
        }
    }

    public sealed record ScheduleRow(string Scheduler, JsonElement Config);

    /// <summary>The rates of each group, and the first group's momentum, at each step.</summary>
    public sealed record PairRow(string Kind, ScheduleRow[] Schedules, double[][] Rates, double[] Momenta);

    private static IEnumerable<TestCaseData> Pairs() =>
        PairFile.Instance.Rows.Select(row =>
            new TestCaseData(row).SetArgDisplayNames(row.Kind, row.Schedules[0].Scheduler, row.Schedules[1].Scheduler));

    [TestCaseSource(nameof(Pairs))]
    public void Two_schedules_give_PyTorchs_rates(PairRow row)
    {
        (SGD optimizer, LRScheduler[] schedules) = MakePair(row);
        for (int step = 0; step < row.Rates.Length; step++)
        {
            ShouldBe(optimizer, row, step);
            Step(schedules, step);
        }
    }

    [TestCaseSource(nameof(Pairs))]
    public void Two_schedules_that_were_loaded_without_the_optimiser_go_on_with_its_rates_and_momentum(PairRow row)
    {
        const int Saved = 6;
        (_, LRScheduler[] schedules) = MakePair(row);
        for (int step = 0; step < Saved; step++) Step(schedules, step);

        (SGD optimizer, LRScheduler[] loaded) = MakePair(row);
        for (int i = 0; i < loaded.Length; i++) loaded[i].LoadStateDict(schedules[i].StateDict());
        for (int step = Saved; step < row.Rates.Length; step++)
        {
            ShouldBe(optimizer, row, step);
            Step(loaded, step);
        }
    }

    private static void Step(LRScheduler[] schedules, int step)
    {
        foreach (LRScheduler schedule in schedules)
            if (schedule is ReduceLROnPlateau plateau) plateau.Step(PairFile.Instance.Metrics[step]);
            else schedule.Step();
    }

    private static void ShouldBe(SGD optimizer, PairRow row, int step)
    {
        double[] rates = [.. optimizer.Groups.Select(group => group["lr"])];
        // CosineAnnealingLR divides by 1 + cos, which magnifies roundings near the bottom.
        for (int i = 0; i < rates.Length; i++) rates[i].ShouldBe(row.Rates[step][i], 1e-12, $"step {step}, group {i}");
        optimizer.Groups[0]["momentum"].ShouldBe(row.Momenta[step], 1e-12, $"step {step}, momentum");
    }

    private static (SGD Optimizer, LRScheduler[] Schedules) MakePair(PairRow row)
    {
        PairFile file = PairFile.Instance;
        var optimizer = new SGD([new Parameter(Tensor.Ones([1]))], file.BaseLrs[0], momentum: 0.9);
        optimizer.AddGroup(new ParameterGroup([new Parameter(Tensor.Ones([1]))]) { ["lr"] = file.BaseLrs[1] });
        LRScheduler[] schedules = [.. row.Schedules.Select(schedule =>
            ScheduleConformanceTests.Make(schedule.Scheduler, optimizer, new OptimConfig(schedule.Config)))];
        return (optimizer, row.Kind == "chained" ? schedules : [new SequentialLR(optimizer, schedules, [file.Milestone])]);
    }

    [TestCaseSource(nameof(Pairs))]
    public void ChainedScheduler_gives_the_rates_of_its_schedules_stepped_one_by_one_also_after_loading(PairRow row)
    {
        if (row.Kind != "chained" || row.Schedules.Any(schedule => schedule.Scheduler == "ReduceLROnPlateau")) return; // its Step needs a metric
        (SGD optimizer, LRScheduler[] schedules) = MakePair(row);
        var chained = new ChainedScheduler(schedules);
        for (int step = 0; step < row.Rates.Length; step++)
        {
            ShouldBe(optimizer, row, step);
            if (step == 5)
            {
                OrderedDictionary<string, Tensor> state = chained.StateDict();
                (optimizer, schedules) = MakePair(row);
                chained = new ChainedScheduler(schedules);
                chained.LoadStateDict(state);
                ShouldBe(optimizer, row, step);
            }
            chained.Step();
        }
        chained.Epoch.ShouldBe(row.Rates.Length);
    }

    // The rates of ConstantLR(0.1, 2) and ExponentialLR(0.9) together, after two epochs of the initial rate.
    [Test]
    public void ChainedScheduler_in_a_SequentialLR_starts_at_its_turn()
    {
        SGD optimizer = Optimizer(1);
        var chained = new ChainedScheduler([new ConstantLR(optimizer, 0.1, 2), new ExponentialLR(optimizer, 0.9)]);
        var schedule = new SequentialLR(optimizer, [new ConstantLR(optimizer, 1, 1), chained], [2]);
        foreach (double rate in (double[])[1, 1, 0.1, 0.09, 0.81, 0.729])
        {
            ((double)schedule.LastLr).ShouldBe(rate, 1e-15);
            schedule.Step();
        }
    }

    // PyTorch 1.13.1: SGD with two groups of rates 0.5 and 0.2; the rates of both groups, epoch by epoch.
    private static IEnumerable<TestCaseData> PerGroupRows()
    {
        yield return Row("OneCycleLR", optimizer => new OneCycleLR(optimizer, [0.8, 0.3], totalSteps: 6), 0.032, 0.012,
            0.7955323483607295, 0.29832463063527354, 0.6493965231598104, 0.24352369618492892, 0.37010968213358003, 0.13879113080009253,
            0.10678202415106448, 0.04004325905664918, 3.2e-06, 1.2e-06);
        yield return Row("OneCycleLR in three phases",
            optimizer => new OneCycleLR(optimizer, [0.8, 0.3], totalSteps: 8, annealStrategy: Anneal.Linear, threePhase: true),
            0.032, 0.012, 0.5805714285714286, 0.21771428571428572, 0.4708571428571428, 0.17657142857142855, 0.030476342857142857, 0.01142862857142857,
            0.022858057142857144, 0.008571771428571427, 0.015239771428571428, 0.005714914285714285);
        yield return Row("CyclicLR", optimizer => new CyclicLR(optimizer, [0.1, 0.02], [0.6, 0.4], stepSizeUp: 2, stepSizeDown: 3),
            0.1, 0.02, 0.35, 0.21, 0.6, 0.4, 0.43333333333333324, 0.2733333333333333, 0.2666666666666666, 0.14666666666666664, 0.1, 0.02);
        yield return Row("CyclicLR with one lowest rate", optimizer => new CyclicLR(optimizer, 0.01, [0.6, 0.4], stepSizeUp: 2),
            0.01, 0.01, 0.305, 0.205, 0.6, 0.4, 0.305, 0.205, 0.01, 0.01, 0.305, 0.205);
        yield return Row("LambdaLR", optimizer => new LambdaLR(optimizer, [epoch => Math.Pow(0.9, epoch), epoch => 1.0 / (epoch + 1)]),
            0.5, 0.2, 0.45, 0.1, 0.405, 0.06666666666666667, 0.3645, 0.05, 0.32805, 0.04, 0.295245, 0.03333333333333333);
        yield return Row("MultiplicativeLR", optimizer => new MultiplicativeLR(optimizer, [_ => 0.9, epoch => 1.0 / (epoch + 1)]),
            0.5, 0.2, 0.45, 0.1, 0.405, 0.03333333333333333, 0.3645, 0.008333333333333333,
            0.32805, 0.0016666666666666668, 0.295245, 0.0002777777777777778);

        static TestCaseData Row(string name, Func<Optimizer, LRScheduler> make, params double[] rates) =>
            new TestCaseData(make, rates).SetArgDisplayNames(name);
    }

    [TestCaseSource(nameof(PerGroupRows))]
    public void Groups_with_values_of_their_own_have_PyTorchs_rates(Func<Optimizer, LRScheduler> make, double[] rates)
    {
        SGD optimizer = TwoGroups();
        LRScheduler schedule = make(optimizer);
        for (int epoch = 0; epoch < rates.Length / 2; epoch++)
        {
            schedule.LastLr[0].ShouldBe(rates[2 * epoch], 1e-12, $"group 0, epoch {epoch}");
            schedule.LastLr[1].ShouldBe(rates[(2 * epoch) + 1], 1e-12, $"group 1, epoch {epoch}");
            schedule.Step();
        }
        Should.Throw<ValueException>(() => make(Optimizer())).Message.ShouldContain("2 values and the optimiser 1 groups");
        optimizer = TwoGroups();
        schedule = make(optimizer);
        optimizer.AddGroup(new ParameterGroup([new Parameter(Tensor.Ones([1]))]));
        Should.Throw<ValueException>(schedule.Step).Message.ShouldContain("group 2 was added after the schedule");

        static SGD TwoGroups()
        {
            SGD optimizer = Optimizer(0.5);
            optimizer.AddGroup(new ParameterGroup([new Parameter(Tensor.Ones([1]))]) { ["lr"] = 0.2 });
            return optimizer;
        }
    }

    [Test]
    public void States_of_schedules_without_the_rates_in_force_still_load()
    {
        SGD one = Optimizer(), other = Optimizer();
        var first = new SequentialLR(one, [new ExponentialLR(one, 0.5), new StepLR(one, 1)], [3]);
        first.Step();
        OrderedDictionary<string, Tensor> state = first.StateDict();
        state.Keys.Count(name => name.Contains("last_lr", StringComparison.Ordinal)).ShouldBe(1);
        state.Remove("last_lr.0");
        var second = new SequentialLR(other, [new ExponentialLR(other, 0.5), new StepLR(other, 1)], [3]);
        second.LoadStateDict(state);
        (second.Epoch, (double)second.LastLr).ShouldBe((1, 0.1)); // the optimiser's state has the rate
    }

    [TestCase(-1), TestCase(0.5), TestCase(double.NaN), TestCase(1e300)]
    public void A_state_with_an_epoch_that_is_none_is_refused(double epoch)
    {
        var schedule = new ExponentialLR(Optimizer(), 0.5);
        OrderedDictionary<string, Tensor> state = schedule.StateDict();
        state["epoch"] = Tensor.Full([], epoch, DType.Float64);
        Should.Throw<ValueException>(() => schedule.LoadStateDict(state)).Message.ShouldContain("is not a number of epochs");
        state["epoch"] = 1;
        state["last_lr.0"] = -1.0;
        Should.Throw<ValueException>(() => schedule.LoadStateDict(state)).Message.ShouldContain("last_lr.0: SGD: lr = -1 is out of range");
        schedule.Epoch.ShouldBe(0);
    }

    [TestCase(10, 0.1, false), TestCase(10, 0.1, true), TestCase(4, 0.25, true), TestCase(1, 1, false), TestCase(5, 0.6, true),
        TestCase(5, 1, false), TestCase(5, 0, true)]
    public void OneCycleLR_with_a_phase_of_no_steps_has_finite_rates(int steps, double pctStart, bool threePhase)
    {
        SGD optimizer = Optimizer();
        var schedule = new OneCycleLR(optimizer, maxLr: 1, totalSteps: steps, pctStart: pctStart, threePhase: threePhase);
        if (pctStart * steps == 1) (optimizer.Groups[0]["lr"], optimizer.Groups[0]["momentum"]).ShouldBe((1, 0.85)); // one step up ends at the top
        for (int i = 0; i < steps; i++)
        {
            optimizer.Groups[0]["lr"].ShouldBeInRange(0, 1);
            optimizer.Groups[0]["momentum"].ShouldBeInRange(0.85, 0.95);
            schedule.Step();
        }
    }

    [Test]
    public void OneCycleLR_from_epochs_and_steps_per_epoch_is_that_of_their_product()
    {
        SGD one = Optimizer(), other = Optimizer();
        LRScheduler inSteps = new OneCycleLR(one, 1, totalSteps: 12), inEpochs = new OneCycleLR(other, 1, epochs: 4, stepsPerEpoch: 3);
        for (int i = 0; i < 12; i++, inSteps.Step(), inEpochs.Step()) ((double)inEpochs.LastLr).ShouldBe(inSteps.LastLr);
        Should.Throw<ValueException>(() => new OneCycleLR(one, 1))
            .Message.ShouldBe("OneCycleLR: the number of steps is missing; pass totalSteps, or epochs and stepsPerEpoch");
        Should.Throw<ValueException>(() => new OneCycleLR(one, 1, epochs: 3)).Message.ShouldContain("the number of steps is missing");
        Should.Throw<ValueException>(() => new OneCycleLR(one, 1, epochs: -2, stepsPerEpoch: -3))
            .Message.ShouldContain("epochs is -2 and stepsPerEpoch is -3; both must be 1 or more");
        Should.Throw<ValueException>(() => new OneCycleLR(one, 1, epochs: 1 << 20, stepsPerEpoch: 1 << 20))
            .Message.ShouldContain("the maximum is 2147483647");
    }

    // Closed forms, in double precision.
    [Test]
    public void Schedules_with_periods_near_the_largest_int_follow_their_formulas()
    {
        const int Large = int.MaxValue;
        SGD optimizer = Optimizer(1);
        var restarts = new CosineAnnealingWarmRestarts(optimizer, 4, Large);
        // (1 + cos(πt / 4)) / 2, then 4 · int.MaxValue epochs from the top
        double[] firsts = [1, 0.85355339059327373, 0.5, 0.14644660940672624, 1, 1];
        foreach (double rate in firsts)
        {
            ((double)restarts.LastLr).ShouldBe(rate, 1e-12);
            restarts.Step();
        }

        optimizer = Optimizer(1);
        var cosine = new CosineAnnealingLR(optimizer, Large);
        for (int i = 0; i < 3; i++) cosine.Step();
        ((double)cosine.LastLr).ShouldBe(1, 1e-12);

        var cycle = new CyclicLR(Optimizer(), 0.5, 1, stepSizeUp: Large, cycleMomentum: false);
        for (int i = 0; i < 3; i++) cycle.Step();
        ((double)cycle.LastLr).ShouldBe(0.5 + (0.5 * 3 / Large), 1e-15);
    }

    [Test]
    public void CosineAnnealingWarmRestarts_of_period_1_finds_a_late_epoch_at_once()
    {
        SGD optimizer = Optimizer(1);
        var schedule = new CosineAnnealingWarmRestarts(optimizer, 1);
        OrderedDictionary<string, Tensor> state = schedule.StateDict();
        state["epoch"] = int.MaxValue - 100;
        schedule.LoadStateDict(state);
        var watch = Stopwatch.StartNew();
        for (int i = 0; i < 50; i++) schedule.Step(); // a walk over 2³¹ periods would take a second each
        watch.Elapsed.TotalSeconds.ShouldBeLessThan(10);
        ((double)schedule.LastLr).ShouldBe(1);
    }

    [Test]
    public void ReduceLROnPlateau_with_negative_metrics_finds_no_improvement_by_difference()
    {
        SGD optimizer = Optimizer(1);
        var schedule = new ReduceLROnPlateau(optimizer, patience: 0, factor: 0.5, thresholdMode: ThresholdMode.Abs, threshold: 0);
        foreach (double metric in (double[])[-1, -0.99995, -0.9999]) schedule.Step(metric);
        ((double)schedule.LastLr).ShouldBe(0.25);
    }

    [Test]
    public void Two_schedules_work_together()
    {
        SGD optimizer = Optimizer();
        var halving = new ExponentialLR(optimizer, 0.5);
        var late = new MultiStepLR(optimizer, [2]);
        for (int i = 0; i < 2; i++)
        {
            halving.Step();
            late.Step();
        }
        optimizer.Groups[0]["lr"].ShouldBe(0.1 * 0.25 * 0.1, 1e-15);
    }

    [Test]
    public void A_restored_schedule_goes_on_where_it_was()
    {
        SGD one = Optimizer(), other = Optimizer();
        LRScheduler Make(SGD optimizer) =>
            new SequentialLR(optimizer, [new LinearLR(optimizer, 0.1, totalIters: 3), new CosineAnnealingLR(optimizer, 10)], [3]);
        LRScheduler straight = Make(one);
        for (int i = 0; i < 5; i++) straight.Step();

        LRScheduler resumed = Make(other);
        other.LoadStateDict(one.StateDict());
        resumed.LoadStateDict(straight.StateDict());
        straight.Step();
        resumed.Step();

        ((double)resumed.LastLr).ShouldBe(straight.LastLr);
        resumed.Epoch.ShouldBe(6);
    }

    [Test]
    public void A_plateau_is_remembered()
    {
        SGD optimizer = Optimizer();
        var first = new ReduceLROnPlateau(optimizer, patience: 1, factor: 0.5);
        first.Step(1);
        first.Step(1);
        var second = new ReduceLROnPlateau(optimizer, patience: 1, factor: 0.5);
        second.LoadStateDict(first.StateDict());
        second.Step(1);
        ((double)second.LastLr).ShouldBe(0.05);
        Should.Throw<ValueException>(second.Step).Message.ShouldContain("needs the metric");
    }

    [Test]
    public void Misuse_is_explained()
    {
        SGD optimizer = Optimizer();
        Should.Throw<ValueException>(() => new StepLR(optimizer, 0)).Message.ShouldBe("StepLR: stepSize is 0; it must be 1 or more");
        Should.Throw<ValueException>(() => new CosineAnnealingLR(optimizer, tMax: 0)).Message.ShouldContain("1 or more");
        Should.Throw<ValueException>(() => new LinearLR(optimizer, startFactor: 2)).Message.ShouldContain("[0, 1]");
        Should.Throw<ValueException>(() => new ReduceLROnPlateau(optimizer, factor: 1)).Message.ShouldContain("(0, 1)");
        Should.Throw<ValueException>(() => new SequentialLR(optimizer, [new ExponentialLR(optimizer, 0.5)], [3]))
            .Message.ShouldContain("one milestone fewer");
        Should.Throw<ValueException>(() => new OneCycleLR(new Adagrad([new Parameter(Tensor.Ones([1]))]), 1, 10))
            .Message.ShouldContain("cycleMomentum: false");
        Should.Throw<ValueException>(() => new ChainedScheduler([])).Message.ShouldBe("ChainedScheduler: there are no schedules; pass at least one");
        Should.Throw<ValueException>(() => new ChainedScheduler([new ExponentialLR(optimizer, 0.5), new ExponentialLR(Optimizer(), 0.5)]))
            .Message.ShouldContain("schedule 1 changes another optimiser");
        Should.Throw<ValueException>(() => new OneCycleLR(optimizer, default(PerGroup), 2)).Message.ShouldContain("maxLr has 0 values");
        Should.Throw<ArgumentNullException>(() => new LambdaLR(optimizer, [_ => 1, null!])).Message.ShouldContain("a value of lrLambdas is null");
        var cycle = new OneCycleLR(optimizer, 1, 2);
        cycle.Step();
        cycle.Step();
        Should.Throw<ValueException>(cycle.Step).Message.ShouldContain("step 3 is beyond the cycle of 2 steps");
        Should.Throw<ValueException>(() => cycle.LoadStateDict(new Dictionary<string, Tensor>())).Message.ShouldContain("missing epoch");
    }
}
