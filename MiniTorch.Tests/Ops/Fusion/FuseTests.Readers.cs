namespace MiniTorch.Tests.Operations;

/// <content>Functions that read what a deferred result does not have, or do more than a chain.</content>
public sealed partial class FuseTests
{
    // What stand-ins without a shape, a mode and elements would answer wrongly, and what is no chain of element-wise operations.
    static readonly (string Name, Func<Tensor, Tensor, Tensor> Function)[] s_readers =
    [
        ("the number of elements", (x, y) => x * y / (double)x.ElementCount),
        ("the rank", (x, y) => x.Rank == 1 ? x * 2 : x * y * 3),
        ("a size", (x, y) => (x + y) * (x.Rank > 0 ? x.Shape[-1] : 7)),
        ("the shape of a result", (x, y) => x * (x + y).ElementCount),
        ("whether an argument requires a gradient", (x, y) => x.RequiresGrad ? x * y : x * 3),
        ("whether a result requires a gradient", (x, y) => (x * 2).RequiresGrad ? x * y : x * 3),
        ("recording off inside", (x, y) => NotRecorded(() => x * y) * x),
        ("recording off for the result", (x, y) => NotRecorded(() => x * y)),
        ("recording on inside", (x, y) => Recorded(() => x * y)),
        ("a detached result", (x, y) => x * (y * 2).Detach()),
        ("straight through", (x, y) => x + y + (x.Round() - x).Detach()),
        ("an argument", (x, _) => x),
        ("a view of a result", (x, y) => (x * y).Unsqueeze(0)),
        ("a sum of an argument", (x, y) => x * y - x.Sum()),
        ("a sum of a result", (x, y) => (x * 2).Sum() * y),
        ("an element", (x, y) => x * (y * 2).Flatten()[0].Detach().Item<double>()),
        ("a choice by values", (x, y) => (x * 2).Detach().Sum().Item<double>() > 0 ? x * y : x - y),
        ("text", (x, y) => x * y * (x * 2).ToString().Length),
        ("another dtype", (x, y) => (x * 2).To(DType.Float64) * y.To(DType.Float64)),
        ("a tensor of another dtype", (x, y) => x * Tensor.Full([2, 1, 1], 0.1, DType.Float64) * y),
        ("integers inside", (x, y) => ((x > 0).To(DType.Int64) * 3 + (x > y)) * x),
        ("a mask made real", (x, _) => (x > 0.5).To(x.DType) * 2),
        ("a result written in place", (x, y) => (x * 2).AddInPlace(1) * y),
        ("a tensor written in place after it was read",
            (x, y) => Tensor.Ones([1], x.DType) is var w && x + w is var t && w.MulInPlace(Tensor.Full([1], 5, x.DType)) is var u ? t * u * y : x),
        ("a leaf made inside", (x, y) => NotRecorded(() => x * 2) is var t && (t.RequiresGrad = true) ? t * y : x),
        ("a gradient inside", (x, y) => x.Detach() is var t && (t.RequiresGrad = true)
            ? Autograd.Grad(Recorded(() => t * t * t), [t], gradOutput: Tensor.OnesLike(t))[0] * y : x),
        ("a tangent inside", (x, y) => Autograd.Jvp(t => t * t * t, x.Detach(), x.Detach()).Tangent * y),
        ("a larger tensor that does not matter", (x, y) => x + y + Tensor.Ones([5, 1, 1, 1], x.DType) is var big && big.Rank > 0 ? x * 2 : x),
        ("a tensor that is broadcast in two ways", (x, y) => x * y + y.Exp() * x.Unsqueeze(0)),
        ("more tensors than one loop takes", (x, y) => Enumerable.Range(1, 16).Aggregate(x + y, (sum, i) => sum + Tensor.Full([1], i, x.DType))),
        ("no fusion inside", (x, y) => NotFused(() => x * 2) * y),
        ("nothing of the arguments", (_, _) => Tensor.Ones([3]) * 2),
    ];

    static T InMode<T>(ModeScope mode, Func<T> function)
    {
        using (mode) return function();
    }

    static Tensor NotRecorded(Func<Tensor> function) => InMode(Autograd.NoGrad(), function);

    static Tensor Recorded(Func<Tensor> function) => InMode(Autograd.EnableGrad(), function);

    static Tensor NotFused(Func<Tensor> function) => InMode(Fusion.Off(), function);

    [Test]
    public void A_function_that_reads_shapes_modes_or_values_runs_as_it_does_without_Fuse(
        [Range(0, 31)] int function, [Values(DType.Float32, DType.Float64)] DType dtype, [Values] bool requiresGrad, [Values] bool records)
    {
        (string name, Func<Tensor, Tensor, Tensor> plain) = s_readers[function];
        Func<Tensor, Tensor, Tensor> fused = Fuse.Compile(plain);
        double tolerance = dtype == DType.Float32 ? 1e-5 : 1e-13;
        // Other shapes through the same compiled function, and each of them twice.
        (Tensor X, Tensor Y)[] inputs = [.. Inputs(dtype).Where(pair => pair.X.ElementCount is > 0 and < 1000)];
        foreach ((Tensor x, Tensor y) in inputs.Concat(inputs))
            Compare(plain, fused, x, y, tolerance, requiresGrad, records, name);
    }

    [Test]
    public void Every_method_that_reads_values_is_tested() => s_readers.Length.ShouldBe(32);
}
