using MiniTorch.Nn;

namespace MiniTorch.Tests.Losses;

/// <summary>Losses say that they broadcast an (N, 1) prediction against an (N) target.</summary>
[NonParallelizable]
internal sealed class ShapeMismatchTests
{
    private static readonly Dictionary<string, Func<Tensor, Tensor, Tensor>> s_losses = new()
    {
        ["MSELoss"] = (input, target) => new MSELoss().Call(input, target),
        ["L1Loss"] = (input, target) => new L1Loss().Call(input, target),
        ["SmoothL1Loss"] = (input, target) => new SmoothL1Loss().Call(input, target),
        ["HuberLoss"] = (input, target) => new HuberLoss().Call(input, target),
    };

    private static int s_size = 1000; // so that every case has shapes that nobody was warned about

    private readonly List<string> _warnings = [];
    private Action<string> _former = null!;

    [SetUp]
    public void Listen()
    {
        _warnings.Clear();
        Nn.Losses.ForgetWarnings();
        _former = Nn.Losses.Warning;
        Nn.Losses.Warning = _warnings.Add;
    }

    [TearDown]
    public void Restore() => (Nn.Losses.OnShapeMismatch, Nn.Losses.Warning) = (ShapeMismatch.Warn, _former);

    [Test]
    public void Different_shapes_warn_once_for_each_pair([Values("MSELoss", "L1Loss", "SmoothL1Loss", "HuberLoss")] string op)
    {
        int n = s_size++;
        for (int i = 0; i < 3; i++) s_losses[op](Tensor.Ones([n, 1]), Tensor.Ones([n]));
        _warnings.ShouldBe([$"MiniTorch warning: {op}: input [{n}, 1] and target [{n}] have different shapes and broadcast to {n * n} losses, "
            + $"[{n}, {n}]; "
            + $"target.Reshape({n}, 1) has the input's shape. If this is meant, set Losses.OnShapeMismatch to Allow; Throw makes it an error."]);
        s_losses[op](Tensor.Ones([n]), Tensor.Ones([n]));
        _warnings.Count.ShouldBe(1);
    }

    [Test]
    public void Different_shapes_are_an_error_by_option([Values("MSELoss", "L1Loss", "SmoothL1Loss", "HuberLoss")] string op)
    {
        Nn.Losses.OnShapeMismatch = ShapeMismatch.Throw;
        ShapeException error = Should.Throw<ShapeException>(() => s_losses[op](Tensor.Ones([4, 1]), Tensor.Ones([4])));
        error.Message.ShouldContain($"{op}: input [4, 1] and target [4] have different shapes and broadcast to 16 losses, [4, 4]; "
            + "target.Reshape(4, 1) has the input's shape");
        s_losses[op](Tensor.Ones([4, 1]), Tensor.Ones([4]).Reshape(4, 1)).Item<float>().ShouldBe(0);
        Should.Throw<ShapeException>(() => s_losses[op](Tensor.Ones([4, 2]), Tensor.Ones([4]))).Message.ShouldContain("do not broadcast");
    }

    [Test]
    public void Different_shapes_are_silent_by_option([Values("MSELoss", "L1Loss", "SmoothL1Loss", "HuberLoss")] string op)
    {
        Nn.Losses.OnShapeMismatch = ShapeMismatch.Allow;
        int n = s_size++;
        s_losses[op](Tensor.Ones([n, 1]), Tensor.Ones([n]));
        _warnings.ShouldBeEmpty();
    }
}
