namespace MiniTorch.Tests;

/// <summary>
/// First and second derivatives in all modes. The scalar that is differentiated is ⟨u, f(x)⟩; second derivatives are its Hessian times a direction v.
/// </summary>
public sealed partial class OpTests
{
    static IEnumerable<TestCaseData> DifferentiableRows => Rows(row => row.IsDifferentiable);

    static IEnumerable<TestCaseData> FusedRows => Rows(row => row.IsDifferentiable && RecordedOps.Of(row).Any(op => op is FusedOp));

    [TestCaseSource(nameof(DifferentiableRows))]
    public void Reverse_agrees_with_numerical(OpRow row) => ForEachSample(row, (inputs, wanted, what) =>
    {
        Tensor[] gradients = Gradients(row, inputs, wanted);
        for (int k = 0; k < wanted.Length; k++)
        {
            Tensor x = inputs[wanted[k]];
            double[] numerical = Numerical.Gradient(values => Weighted(row.Function(With(inputs, wanted[k], Tensor.From(values, x.Shape)))),
                x.ToArray<double>());
            Agreement.ShouldAgree(gradients[k].ToArray<double>(), numerical, row.Tolerance, $"{what}, input {wanted[k]}");
        }
    });

    [TestCaseSource(nameof(DifferentiableRows))]
    public void Forward_agrees_with_reverse_and_numerical(OpRow row) => ForEachSample(row, (inputs, wanted, what) =>
    {
        Tensor[] directions = Directions(inputs, wanted), gradients = Gradients(row, inputs, wanted);
        double forward = Directional(x => [WeightedSum(row.Function(x))], inputs, wanted, directions)[0].Item<double>();
        double reverse = Dot(gradients, directions);
        double numerical = Numerical.Derivative(t => [Weighted(row.Function(Moved(inputs, wanted, directions, t)))])[0];
        double scale = gradients.Zip(directions, (g, v) => (g * v).Abs().Sum().Item<double>()).Sum();
        forward.ShouldBe(reverse, 1e-12 * (1 + scale), what);
        forward.ShouldBe(numerical, row.Tolerance * (1 + scale), what);
    });

    [TestCaseSource(nameof(DifferentiableRows))]
    public void Reverse_over_reverse_agrees_with_numerical(OpRow row) => ForEachSample(row, (inputs, wanted, what) =>
    {
        Tensor[] leaves = Leaves(inputs, wanted), directions = Directions(inputs, wanted);
        Tensor[] gradients = Gradients(row.Function(leaves), leaves, wanted, createGraph: true);
        Tensor slope = InnerProduct(gradients, directions);
        Tensor[] second = slope.RequiresGrad ? Autograd.Grad(slope, Pick(leaves, wanted), allowUnused: true)
            : [.. Pick(leaves, wanted).Select(x => Tensor.ZerosLike(x))];
        ShouldBeHessianTimesDirection(row, inputs, wanted, second, what);
    });

    [TestCaseSource(nameof(DifferentiableRows))]
    public void Forward_over_reverse_agrees_with_numerical(OpRow row) => ForEachSample(row, (inputs, wanted, what) =>
    {
        Tensor[] second = Directional(x =>
        {
            Tensor[] leaves = Leaves(x, wanted);
            return Gradients(row.Function(leaves), leaves, wanted);
        }, inputs, wanted, Directions(inputs, wanted));
        ShouldBeHessianTimesDirection(row, inputs, wanted, second, what);
    });

    [TestCaseSource(nameof(DifferentiableRows))]
    public void Reverse_over_forward_agrees_with_numerical(OpRow row) => ForEachSample(row, (inputs, wanted, what) =>
    {
        Tensor[] leaves = Leaves(inputs, wanted);
        Tensor slope = Directional(x => [WeightedSum(row.Function(x))], leaves, wanted, Directions(inputs, wanted))[0];
        Tensor[] second = slope.RequiresGrad ? Autograd.Grad(slope, Pick(leaves, wanted), allowUnused: true)
            : [.. Pick(leaves, wanted).Select(x => Tensor.ZerosLike(x))];
        ShouldBeHessianTimesDirection(row, inputs, wanted, second, what);
    });

    [TestCaseSource(nameof(DifferentiableRows))]
    public void Forward_over_forward_agrees_with_numerical(OpRow row) => ForEachSample(row, (inputs, wanted, what) =>
    {
        Tensor[] v = Directions(inputs, wanted), w = Directions(inputs, wanted, salt: 7);
        double second = Directional(x => Directional(y => [WeightedSum(row.Function(y))], x, wanted, v), inputs, wanted, w)[0].Item<double>();
        double[] numerical = HessianTimesDirection(row, inputs, wanted);
        double expected = numerical.Zip(w.SelectMany(x => x.ToArray<double>()), (h, d) => h * d).Sum();
        second.ShouldBe(expected, row.Tolerance * (1 + numerical.Sum(Math.Abs)), what);
    });

    [TestCaseSource(nameof(DifferentiableRows))]
    public void Only_wanted_inputs_get_gradients(OpRow row) => ForEachSample(row, (inputs, wanted, what) =>
    {
        Tensor[] all = Gradients(row, inputs, wanted);
        for (int k = 0; k < wanted.Length; k++)
        {
            Tensor[] leaves = Leaves(inputs, [wanted[k]]), outputs = row.Function(leaves);
            if (WeightedSum(outputs) is not { RequiresGrad: true } scalar) continue;
            scalar.Backward();
            for (int i = 0; i < leaves.Length; i++) (leaves[i].Grad is null).ShouldBe(i != wanted[k], what);
            Agreement.ShouldBeSameBits([leaves[wanted[k]].Grad!], [all[k]], what);
        }
        using (Autograd.NoGrad())
            foreach (Tensor output in row.Function(Leaves(inputs, wanted))) output.IsLeaf.ShouldBeTrue(what);
        foreach (Tensor output in row.Function(inputs)) output.RequiresGrad.ShouldBeFalse(what);
    });

    [TestCaseSource(nameof(FusedRows))]
    public void A_fused_kernel_agrees_with_its_definition(OpRow row) => ForEachSample(row, (inputs, wanted, what) =>
    {
        (Tensor[] Outputs, Tensor[] Gradients) kernel = Differentiated(row, inputs), definition;
        using (Fusion.Off()) definition = Differentiated(row, inputs);
        Agreement.ShouldAgree(kernel.Outputs, definition.Outputs, 1e-13, what);
        Agreement.ShouldAgree(kernel.Gradients, definition.Gradients, 1e-13, what);
    });

    static void ForEachSample(OpRow row, Action<Tensor[], int[], string> check)
    {
        foreach (SampleInput[] sample in row.Samples)
        {
            Tensor[] inputs = OpRow.Make(sample);
            int[] wanted = row.Wanted(inputs);
            wanted.ShouldNotBeEmpty();
            check(inputs, wanted, $"{row} of {Shapes(sample)}");
        }
    }

    static void ShouldBeHessianTimesDirection(OpRow row, Tensor[] inputs, int[] wanted, Tensor[] second, string what) =>
        Agreement.ShouldAgree([.. second.SelectMany(x => x.ToArray<double>())], HessianTimesDirection(row, inputs, wanted), row.Tolerance, what);

    static double[] HessianTimesDirection(OpRow row, Tensor[] inputs, int[] wanted)
    {
        Tensor[] directions = Directions(inputs, wanted);
        return Numerical.Derivative(t => [.. Gradients(row, Moved(inputs, wanted, directions, t), wanted).SelectMany(x => x.ToArray<double>())]);
    }

    static Tensor[] Gradients(OpRow row, Tensor[] inputs, int[] wanted)
    {
        Tensor[] leaves = Leaves(inputs, wanted);
        return Gradients(row.Function(leaves), leaves, wanted);
    }

    static Tensor[] Gradients(Tensor[] outputs, Tensor[] leaves, int[] wanted, bool createGraph = false) =>
        Autograd.Grad(WeightedSum(outputs), Pick(leaves, wanted), createGraph: createGraph, allowUnused: true);

    /// <summary>Tangents of the function's outputs along a direction, all inputs moved together.</summary>
    static Tensor[] Directional(Func<Tensor[], Tensor[]> function, Tensor[] inputs, int[] wanted, Tensor[] directions)
    {
        using var level = new JvpLevel();
        Tensor[] moving = [.. inputs];
        for (int k = 0; k < wanted.Length; k++)
            moving[wanted[k]] = inputs[wanted[k]].WithDual(new Dual(level, directions[k], inputs[wanted[k]].Dual));
        return [.. function(moving).Select(output => Forward.Split(output, level) is var (value, tangent) ? tangent ?? Tensor.ZerosLike(value)
            : output)];
    }

    /// <summary>New names for the inputs, of which the wanted ones require a gradient; tangents stay.</summary>
    static Tensor[] Leaves(Tensor[] inputs, int[] wanted)
    {
        Tensor[] leaves = [.. inputs];
        foreach (int i in wanted)
        {
            leaves[i] = inputs[i].Detach().WithDual(inputs[i].Dual);
            leaves[i].RequiresGrad = true;
        }
        return leaves;
    }

    static Tensor[] Pick(Tensor[] inputs, int[] wanted) => [.. wanted.Select(i => inputs[i])];

    static Tensor[] With(Tensor[] inputs, int place, Tensor input) => [.. inputs.Select((x, i) => i == place ? input : x)];

    static Tensor[] Moved(Tensor[] inputs, int[] wanted, Tensor[] directions, double t)
    {
        Tensor[] moved = [.. inputs];
        for (int k = 0; k < wanted.Length; k++) moved[wanted[k]] = inputs[wanted[k]] + (directions[k] * t);
        return moved;
    }

    static Tensor[] Directions(Tensor[] inputs, int[] wanted, int salt = 3) =>
        [.. wanted.Select(i => Weights(inputs[i].Shape, salt + i, inputs[i].DType))];

    static double Weighted(Tensor[] outputs) => WeightedSum(outputs).Item<double>();

    /// <summary>⟨u, outputs⟩ over the real outputs.</summary>
    static Tensor WeightedSum(Tensor[] outputs) =>
        outputs.Where(output => output.DType.IsFloat()).Select((output, i) => (output * Weights(output.Shape, 100 + i, output.DType)).Sum())
            .Aggregate((a, b) => a + b);

    static Tensor InnerProduct(Tensor[] a, Tensor[] b) => a.Zip(b, (x, y) => (x * y).Sum()).Aggregate((x, y) => x + y);

    static double Dot(Tensor[] a, Tensor[] b) => InnerProduct(a, b).Item<double>();

    /// <summary>Fixed numbers from (−1, 1) without structure.</summary>
    static Tensor Weights(Shape shape, int salt, DType dtype)
    {
        var random = new Random(salt);
        return Tensor.From(Enumerable.Range(0, (int)shape.ElementCount).Select(_ => (random.NextDouble() * 2) - 1).ToArray(), shape).To(dtype);
    }
}
