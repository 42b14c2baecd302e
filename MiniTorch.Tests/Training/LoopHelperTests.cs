using MiniTorch.Data;
using MiniTorch.IO;
using MiniTorch.Nn;
using MiniTorch.Optim;

namespace MiniTorch.Tests.Training;

/// <summary>The small functions that take boilerplate out of a training loop.</summary>
public class LoopHelperTests
{
    private static readonly Tensor X = Tensor.Randn([10, 3], new Generator(1), dtype: DType.Float64),
        Y = Tensor.RandInt(0, 2, [10], new Generator(2));

    private static Linear Model() => new(3, 2, dtype: DType.Float64, generator: new Generator(3));

    private static Tensor Loss(Linear model, Range rows) => new CrossEntropyLoss().Call(model.Call(X[rows]), Y[rows]);

    [Test]
    public void Accumulated_gradients_are_those_of_one_large_batch_even_where_batches_differ_in_size()
    {
        (Linear whole, Linear parts) = (Model(), Model());
        Loss(whole, ..).Backward();
        var accumulation = new GradientAccumulation(parts.Parameters(), batches: 3);
        accumulation.Backward(Loss(parts, ..4), weight: 4).ShouldBeFalse();
        accumulation.Backward(Loss(parts, 4..8), weight: 4).ShouldBeFalse();
        accumulation.Backward(Loss(parts, 8..), weight: 2).ShouldBeTrue();
        foreach ((Parameter one, Parameter other) in whole.Parameters().Zip(parts.Parameters()))
            other.Grad!.ToArray<double>().ShouldBe(one.Grad!.ToArray<double>(), 1e-15);
        accumulation.Pending.ShouldBe(0);
    }

    [Test]
    public void An_epoch_that_ends_within_a_group_is_flushed()
    {
        (Linear whole, Linear parts) = (Model(), Model());
        var accumulation = new GradientAccumulation(parts.Parameters(), batches: 4);
        accumulation.Flush().ShouldBeFalse();
        accumulation.Backward(Loss(parts, ..2), 2).ShouldBeFalse();
        accumulation.Backward(Loss(parts, 2..5), 3).ShouldBeFalse();
        accumulation.Pending.ShouldBe(2);
        accumulation.Flush().ShouldBeTrue();
        Loss(whole, ..5).Backward();
        parts.Weight.Grad!.ToArray<double>().ShouldBe(whole.Weight.Grad!.ToArray<double>(), 1e-15);

        var optimizer = new SGD(parts.Parameters(), lr: 0.1);
        optimizer.Step();
        optimizer.ZeroGrad();
        accumulation.Backward(Loss(parts, ..2), 2).ShouldBeFalse();
        accumulation.Pending.ShouldBe(1);
    }

    [Test]
    public void Accumulation_refuses_what_has_no_meaning()
    {
        Should.Throw<ValueException>(() => new GradientAccumulation(Model().Parameters(), 0))
            .Message.ShouldContain("batches is 0; it must be 1 or more");
        Should.Throw<ValueException>(() => new GradientAccumulation([], 2)).Message.ShouldContain("empty");
        var accumulation = new GradientAccumulation(Model().Parameters(), 2);
        Should.Throw<ValueException>(() => accumulation.Backward(1.0, weight: 0)).Message.ShouldContain("must be positive");
        Should.Throw<ValueException>(() => accumulation.Backward(1.0, weight: double.NaN));
        accumulation.Pending.ShouldBe(0);
    }

    [Test]
    public void Training_stops_when_patience_is_spent()
    {
        var stopping = new EarlyStopping(patience: 2);
        double[] losses = [1, 0.5, 0.6, double.NaN, 0.4, 0.4, 0.41];
        losses.Select(stopping.Update).ShouldBe([false, false, false, false, false, false, false]);
        stopping.IsBest.ShouldBeFalse();
        stopping.Update(0.4).ShouldBeTrue();
        (stopping.Best, stopping.BestUpdate, stopping.Updates).ShouldBe((0.4, 5, 8));
    }

    [Test]
    public void A_metric_to_maximise_must_rise_by_the_smallest_improvement()
    {
        var stopping = new EarlyStopping(patience: 0, minDelta: 0.1, maximize: true);
        stopping.Update(0.5).ShouldBeFalse();
        stopping.IsBest.ShouldBeTrue();
        stopping.Update(0.65).ShouldBeFalse();
        stopping.Update(0.7).ShouldBeTrue();
        Should.Throw<ValueException>(() => new EarlyStopping(-1)).Message.ShouldContain("patience is -1");
        Should.Throw<ValueException>(() => new EarlyStopping(1, double.NaN)).Message.ShouldContain("NaN");
    }

    [Test]
    public void Early_stopping_and_averages_go_on_from_a_checkpoint()
    {
        using var folder = new Files.TemporaryFolder();
        (EarlyStopping stopping, Linear model) = (new EarlyStopping(3), Model());
        var average = new ModelAverage(model, decay: 0.5);
        stopping.Update(2);
        stopping.Update(3);
        using (Autograd.NoGrad()) model.Weight.MulInPlace(3);
        average.Update();
        new Checkpoint { ["stopping"] = stopping, ["average"] = average }.Save(folder["run.safetensors"]);

        (EarlyStopping again, ModelAverage averageAgain) = (new EarlyStopping(3), new ModelAverage(Model(), decay: 0.5));
        new Checkpoint { ["stopping"] = again, ["average"] = averageAgain }.TryLoad(folder["run.safetensors"]).ShouldBeTrue();
        (again.Best, again.BestUpdate, again.Updates).ShouldBe((2, 1, 2));
        averageAgain.StateDict()["weight"].ToArray<double>().ShouldBe((Model().Weight * 2).ToArray<double>());

        Should.Throw<ValueException>(() => again.LoadStateDict(new Dictionary<string, Tensor>(stopping.StateDict()) { ["best_update"] = 5L }))
            .Message.ShouldContain("update 5 of 2");
        Should.Throw<ValueException>(() => again.LoadStateDict(new Dictionary<string, Tensor> { ["best"] = 1.0 }))
            .Message.ShouldContain("the entries must be best, best_update, updates");
        Should.Throw<ValueException>(() =>
            averageAgain.LoadStateDict(new Dictionary<string, Tensor> { ["bias"] = Tensor.Zeros([3]), ["extra"] = 1.0 }))
            .Message.ShouldBe("ModelAverage.LoadStateDict: the state does not fit, and nothing was changed:\n  missing weight\n  unexpected "
            + "extra\n  bias has shape [3] in the state and [2] in the average");
    }

    [Test]
    public void Evaluation_records_nothing_and_gives_every_module_its_mode_back()
    {
        var frozen = new Dropout(0.9);
        frozen.Eval();
        var model = new Sequential(new Linear(3, 2), new Dropout(0.9), frozen);
        Tensor x = Tensor.Ones([4, 3]);
        Tensor y = model.Evaluate(() => model.Call(x));
        y.RequiresGrad.ShouldBeFalse();
        y.ToArray<float>().ShouldBe(model[0].Call(x).ToArray<float>());
        Should.Throw<ShapeException>(() => model.Evaluate(() => model.Call(Tensor.Ones([4, 4]))));
        model.Select(module => module.Training).ShouldBe([true, true, false]);
        model.Training.ShouldBeTrue();
    }

    [Test]
    public void A_metric_of_batches_is_its_mean_over_samples()
    {
        Linear model = Model();
        var loader = new DataLoader(new TensorDataset(X, Y), batchSize: 4);
        double accuracy = model.Evaluate(loader, batch => Metrics.Accuracy(model.Call(batch[0]), batch[1]));
        accuracy.ShouldBe(Metrics.Accuracy(model.Call(X), Y), 1e-12);
        model.Evaluate(new DataLoader(new TensorDataset(X[..0], Y[..0])), _ => 1).ShouldBe(double.NaN);
    }

    [Test]
    public void Averages_follow_the_weights_and_lend_themselves_to_the_model()
    {
        var layer = new Linear(1, 1, bias: false);
        Init.Constant(layer.Weight, 1);
        var average = new ModelAverage(layer, decay: 0.75);
        Init.Constant(layer.Weight, 5);
        average.Update();
        average.StateDict()["weight"].Item<float>().ShouldBe(2);
        IDisposable lent = average.Apply();
        layer.Weight.Item<float>().ShouldBe(2);
        lent.Dispose();
        lent.Dispose();
        layer.Weight.Item<float>().ShouldBe(5);
        Should.Throw<ValueException>(() => new ModelAverage(layer, 1)).Message.ShouldContain("[0, 1)");
    }
}
