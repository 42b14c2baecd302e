using System.Text.Json;
using MiniTorch.Nn;
using MiniTorch.Optim;
using MiniTorch.Tests.Conformance;

namespace MiniTorch.Tests.Optim;

/// <summary>Every row of lr_schedulers.json: the rates that PyTorch's schedules give.</summary>
[Category("Conformance")]
public class ScheduleConformanceTests
{
    private const double Tolerance = 1e-12;

    private static readonly JsonSerializerOptions s_json = new() { PropertyNamingPolicy = JsonNamingPolicy.SnakeCaseLower };

    public sealed record Row(string Id, string Scheduler, double BaseLr, JsonElement Config, double[] LrUsedAtStep, double[]? MomentumUsedAtStep,
        double[]? Metrics);

    private static IEnumerable<TestCaseData> Rows() =>
        from text in ConformanceFiles.Read("lr_schedulers.json")
        from row in JsonSerializer.Deserialize<Row[]>(text, s_json)!
        select new TestCaseData(row).SetName(row.Id);

    [TestCaseSource(nameof(Rows))]
    public void Rates_equal_the_reference(Row row)
    {
        var optimizer = new SGD([new Parameter(Tensor.Ones([1]))], row.BaseLr, momentum: 0.9);
        var config = new OptimConfig(row.Config);
        LRScheduler schedule = Make(row.Scheduler, optimizer, config);
        config.ShouldBeUsedUp();
        for (int step = 0; step < row.LrUsedAtStep.Length; step++)
        {
            double rate = schedule.LastLr;
            Math.Abs(rate - row.LrUsedAtStep[step])
                .ShouldBeLessThanOrEqualTo(Tolerance * row.LrUsedAtStep[step], $"rate at step {step}: {rate:R} against {row.LrUsedAtStep[step]:R}");
            if (row.MomentumUsedAtStep is { } momentum)
                optimizer.Groups[0]["momentum"].ShouldBe(momentum[step], Tolerance, $"momentum at step {step}");
            if (step + 1 == row.LrUsedAtStep.Length) return;
            if (schedule is ReduceLROnPlateau plateau) plateau.Step(row.Metrics![step]);
            else schedule.Step();
        }
    }

    internal static LRScheduler Make(string name, Optimizer optimizer, OptimConfig c)
    {
        if (name.StartsWith("SequentialLR(", StringComparison.Ordinal)) return Sequential(PythonCall.Parse(name), optimizer, c);
        switch (name)
        {
            case "StepLR": return new StepLR(optimizer, c.Integer("step_size"), c.Number("gamma", 0.1));
            case "MultiStepLR": return new MultiStepLR(optimizer, c.Integers("milestones"), c.Number("gamma", 0.1));
            case "ExponentialLR": return new ExponentialLR(optimizer, c.Number("gamma", 0.1));
            case "CosineAnnealingLR": return new CosineAnnealingLR(optimizer, c.Integer("T_max"), c.Number("eta_min", 0));
            case "CosineAnnealingWarmRestarts":
                return new CosineAnnealingWarmRestarts(optimizer, c.Integer("T_0"), c.Integer("T_mult", 1),
                c.Number("eta_min", 0));
            case "LinearLR":
                return new LinearLR(optimizer, c.Number("start_factor", 1.0 / 3), c.Number("end_factor", 1),
                c.Integer("total_iters", 5));
            case "ConstantLR": return new ConstantLR(optimizer, c.Number("factor", 1.0 / 3), c.Integer("total_iters", 5));
            case "PolynomialLR": return new PolynomialLR(optimizer, c.Integer("total_iters", 5), c.Number("power", 1));
            case "LambdaLR": return new LambdaLR(optimizer, PythonReader.OfEpoch(c.Text("lr_lambda")!));
            case "MultiplicativeLR": return new MultiplicativeLR(optimizer, PythonReader.OfEpoch(c.Text("lr_lambda")!));
            case "OneCycleLR":
                return new OneCycleLR(optimizer, c.Number("max_lr", 0), c.Count("total_steps"), c.Count("epochs"), c.Count("steps_per_epoch"),
                    c.Number("pct_start", 0.3), c.Text("anneal_strategy") == "linear" ? Anneal.Linear : Anneal.Cos, c.Flag("cycle_momentum", true),
                    c.Number("base_momentum", 0.85), c.Number("max_momentum", 0.95), c.Number("div_factor", 25), c.Number("final_div_factor", 1e4),
                    c.Flag("three_phase"));
            case "CyclicLR":
                CycleMode mode = c.Text("mode") switch
                {
                    "triangular2" => CycleMode.Triangular2,
                    "exp_range" => CycleMode.ExpRange,
                    _ => CycleMode.Triangular
                };
                int up = c.Integer("step_size_up", 2000);
                return new CyclicLR(optimizer, c.Number("base_lr", 0), c.Number("max_lr", 0), up, c.Integer("step_size_down", up), mode,
                    c.Number("gamma", 1), c.Flag("cycle_momentum", true),
                    c.Number("base_momentum", 0.8), c.Number("max_momentum", 0.9));
            case "ReduceLROnPlateau":
                return new ReduceLROnPlateau(optimizer, c.Text("mode") == "max" ? PlateauMode.Max : PlateauMode.Min, c.Number("factor", 0.1),
                    c.Integer("patience", 10), c.Number("threshold", 1e-4),
                    c.Text("threshold_mode") == "abs" ? ThresholdMode.Abs : ThresholdMode.Rel, c.Integer("cooldown"), c.Number("min_lr", 0),
                        c.Number("eps", 1e-8));
            default:
                throw new NotSupportedException($"unknown scheduler {name}");
        }
    }

    // The parts' configurations come in the order of the parts.
    private static SequentialLR Sequential(PythonCall parts, Optimizer optimizer, OptimConfig c)
    {
        LRScheduler[] schedules = [.. parts.Arguments.Zip(c.NestedInOrder(), (part, config) => Make(((PythonName)part!).Text, optimizer, config))];
        return new SequentialLR(optimizer, schedules, c.Integers("milestones") is { Length: > 0 } milestones ? milestones : [c.Integer("milestone")]);
    }
}
