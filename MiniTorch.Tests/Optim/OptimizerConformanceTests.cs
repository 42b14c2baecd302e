using System.IO.Compression;
using System.Text.Json;
using MiniTorch.Nn;
using MiniTorch.Optim;
using MiniTorch.Tests.Conformance;

namespace MiniTorch.Tests.Optim;

/// <summary>Every row of both files optimizers.json: 20 steps of PyTorch's optimisers on two problems.</summary>
[Category("Conformance")]
public class OptimizerConformanceTests
{
    private const double Tolerance = 1e-10;

    private static readonly JsonSerializerOptions s_json = new() { PropertyNamingPolicy = JsonNamingPolicy.SnakeCaseLower };

    public sealed record Row(string Id, string Optimizer, JsonElement Config, string Problem, ReferenceTensor[] Data, ReferenceTensor[] Initial,
        double[] LossBeforeStep, double[][][] ParamsAfterStep,
        double[][]? Averages = null);

    private static IEnumerable<TestCaseData> Rows() =>
        from text in ConformanceFiles.Read("optimizers.json").Append(More())
        from row in JsonSerializer.Deserialize<Row[]>(text, s_json)!
        select new TestCaseData(row).SetName(row.Id);

    // What data/optimizers.py wrote.
    private static string More()
    {
        using var reader = new StreamReader(new GZipStream(
            File.OpenRead(Path.Combine(AppContext.BaseDirectory, "Optim", "data", "optimizers.json.gz")), CompressionMode.Decompress));
        return reader.ReadToEnd();
    }

    [TestCaseSource(nameof(Rows))]
    public void Twenty_steps_equal_the_reference(Row row)
    {
        var config = new OptimConfig(row.Config);
        bool skipsEveryThird = config.Flag("no_backward_when_step_mod_3_is_2");
        OptimConfig? groupB = config.Nested("group_b");
        Parameter[] parameters = [.. row.Initial.Select(tensor => new Parameter(tensor.ToTensor()))];
        Optimizer optimizer = Make(row.Optimizer, groupB is null ? parameters : parameters[..1], config);
        config.ShouldBeUsedUp();
        if (groupB is not null)
        {
            var group = new ParameterGroup(parameters[1..]);
            foreach ((string name, double value) in groupB.Rest()) group[name] = value;
            optimizer.AddGroup(group);
        }

        for (int step = 0; step < row.ParamsAfterStep.Length; step++)
        {
            optimizer.ZeroGrad();
            Tensor loss = Loss(row, parameters);
            ShouldBeNear(loss.Item<double>(), row.LossBeforeStep[step], $"loss before step {step}");
            if (!(skipsEveryThird && step % 3 == 2)) loss.Backward();
            optimizer.Step(() => Closure(row, parameters, optimizer));
            for (int p = 0; p < parameters.Length; p++)
            {
                double[] values = parameters[p].ToArray<double>();
                for (int i = 0; i < values.Length; i++)
                    ShouldBeNear(values[i], row.ParamsAfterStep[step][p][i], $"parameter {p}, element {i} after step {step}");
            }
        }
        for (int p = 0; p < row.Averages?.Length; p++)
        {
            double[] averages = optimizer.StateDict()[$"state.{p}.ax"].ToArray<double>();
            for (int i = 0; i < averages.Length; i++) ShouldBeNear(averages[i], row.Averages[p][i], $"average of parameter {p}, element {i}");
        }
    }

    private static void ShouldBeNear(double actual, double expected, string what) =>
        Math.Abs(actual - expected).ShouldBeLessThanOrEqualTo(Tolerance * Math.Max(1, Math.Abs(expected)),
            $"{what}: {actual:R} against {expected:R}");

    // Only a line search asks for the loss again; the others keep the gradients that are there.
    private static Tensor Closure(Row row, Parameter[] parameters, Optimizer optimizer)
    {
        if (optimizer is not LBFGS) return 0.0;
        optimizer.ZeroGrad();
        Tensor loss = Loss(row, parameters);
        loss.Backward();
        return loss;
    }

    private static Tensor Loss(Row row, Parameter[] parameters)
    {
        Tensor a = row.Data[0].ToTensor(), b = row.Data[1].ToTensor();
        switch (row.Problem)
        {
            case "quadratic":
                Tensor x = parameters[0];
                return (x * a.MatMul(x)).Sum() * 0.5 - (b * x).Sum();
            case "logistic":
                Tensor z = a.MatMul(parameters[0]) + parameters[1];
                return (z.Maximum(0) - z * b + ((-z.Abs()).Exp() + 1).Log()).Mean();
            default:
                throw new NotSupportedException($"unknown problem {row.Problem}");
        }
    }

    private static Optimizer Make(string name, Parameter[] parameters, OptimConfig c)
    {
        double lr = c.Number("lr", DefaultRate(name)), decay = c.Number("weight_decay", name == "AdamW" ? 0.01 : 0);
        bool maximize = c.Flag("maximize");
        return name switch
        {
            "SGD" => new SGD(parameters, lr, c.Number("momentum", 0), c.Number("dampening", 0), decay, c.Flag("nesterov"), maximize),
            "Adam" => new Adam(parameters, lr, c.Pair("betas"), c.Number("eps", 1e-8), decay, c.Flag("amsgrad"), maximize),
            "AdamW" => new AdamW(parameters, lr, c.Pair("betas"), c.Number("eps", 1e-8), decay, c.Flag("amsgrad"), maximize),
            "Adamax" => new Adamax(parameters, lr, c.Pair("betas"), c.Number("eps", 1e-8), decay, maximize),
            "NAdam" => new NAdam(parameters, lr, c.Pair("betas"), c.Number("eps", 1e-8), decay, c.Number("momentum_decay", 4e-3)),
            "RMSprop" => new RMSprop(parameters, lr, c.Number("alpha", 0.99), c.Number("eps", 1e-8), decay, c.Number("momentum", 0),
                c.Flag("centered"), maximize),
            "Adagrad" => new Adagrad(parameters, lr, c.Number("lr_decay", 0), decay, c.Number("initial_accumulator_value", 0), c.Number("eps", 1e-10),
                maximize),
            "Adadelta" => new Adadelta(parameters, lr, c.Number("rho", 0.9), c.Number("eps", 1e-6), decay, maximize),
            "RAdam" => new RAdam(parameters, lr, c.Pair("betas"), c.Number("eps", 1e-8), decay),
            "Rprop" => new Rprop(parameters, lr, c.Pair("etas"), c.Pair("step_sizes"), maximize),
            "ASGD" => new ASGD(parameters, lr, c.Number("lambd", 1e-4), c.Number("alpha", 0.75), c.Number("t0", 1e6), decay, maximize),
            "LBFGS" => new LBFGS(parameters, lr, c.Integer("max_iter", 20), c.Count("max_eval"), c.Number("tolerance_grad", 1e-7),
                c.Number("tolerance_change", 1e-9), c.Integer("history_size", 100),
                c.Text("line_search_fn") == "strong_wolfe"),
            _ => throw new NotSupportedException($"unknown optimizer {name}"),
        };
    }

    private static double DefaultRate(string optimizer) => optimizer switch
    {
        "SGD" => double.NaN, // it has none
        "Adamax" or "NAdam" => 2e-3,
        "RMSprop" or "Adagrad" or "Rprop" or "ASGD" => 1e-2,
        "Adadelta" or "LBFGS" => 1,
        _ => 1e-3,
    };
}
