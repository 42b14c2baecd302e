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
        LRScheduler Make(SGD optimizer) => new SequentialLR(optimizer, [new LinearLR(optimizer, 0.1, totalIters: 3), new CosineAnnealingLR(optimizer, 10)], [3]);
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
        Should.Throw<ValueException>(() => new StepLR(optimizer, 0)).Message.ShouldBe("StepLR: a step size of 0; it must be 1 or more");
        Should.Throw<ValueException>(() => new CosineAnnealingLR(optimizer, tMax: 0)).Message.ShouldContain("1 or more");
        Should.Throw<ValueException>(() => new LinearLR(optimizer, startFactor: 2)).Message.ShouldContain("[0, 1]");
        Should.Throw<ValueException>(() => new ReduceLROnPlateau(optimizer, factor: 1)).Message.ShouldContain("(0, 1)");
        Should.Throw<ValueException>(() => new SequentialLR(optimizer, [new ExponentialLR(optimizer, 0.5)], [3])).Message.ShouldContain("one milestone fewer");
        Should.Throw<ValueException>(() => new OneCycleLR(new Adagrad([new Parameter(Tensor.Ones([1]))]), 1, 10)).Message.ShouldContain("cycleMomentum: false");
        var cycle = new OneCycleLR(optimizer, 1, 2);
        cycle.Step();
        cycle.Step();
        Should.Throw<ValueException>(cycle.Step).Message.ShouldContain("step 3 of a cycle of 2");
        Should.Throw<ValueException>(() => cycle.LoadStateDict(new Dictionary<string, Tensor>())).Message.ShouldContain("missing epoch");
    }
}
