using MiniTorch.Kernels;

namespace MiniTorch.Fuzz.Engine;

/// <summary>What a program shows to be wrong.</summary>
internal sealed record Fault(string Check, string Details);

/// <summary>The checks that one process can make of a program.</summary>
internal static class Checks
{
    // Rounding explains this many times what random roundings were seen to do.
    private const double Margin = 100;
    private const int NoiseRuns = 4, MoreNoiseRuns = 60, Directions = 3;

    /// <summary>The first check that fails; null where all hold.</summary>
    /// <param name="program">The program.</param>
    /// <param name="wasNumerical">Whether derivatives by differences were precise enough to compare with.</param>
    public static Fault? Run(FuzzProgram program, out bool wasNumerical)
    {
        wasNumerical = false;
        Outcome outcome = Evaluate(program);
        return Same(outcome, Evaluate(program), "a second run")
            ?? Same(outcome, OnThreads(1, program), "1 thread") ?? Same(outcome, OnThreads(2, program), "2 threads")
            ?? Near(program, outcome, WithoutFusion(program), "definitions in place of fused kernels")
            ?? Near(program, outcome, Evaluate(program, leaf => Ops.Copies.Fresh(leaf)), "contiguous copies of the inputs")
            ?? Derivatives(program, out wasNumerical);
    }

    /// <summary>Results, scalar and gradients.</summary>
    public static Outcome Evaluate(FuzzProgram program, Func<Tensor, Tensor>? leaf = null, Func<Tensor, Tensor>? each = null)
    {
        Tensor[] leaves = [.. program.Leaves().Select(x => leaf is null ? x : leaf(x))];
        foreach (Tensor x in leaves) x.RequiresGrad = true;
        (Tensor[] results, Tensor scalar) = program.Run(leaves, each);
        return Outcome.Of([.. results, scalar, .. scalar.RequiresGrad ? Autograd.Grad(scalar, leaves, allowUnused: true) : []]);
    }

    /// <summary>A fault where the bits differ.</summary>
    public static Fault? Same(Outcome expected, Outcome actual, string check) =>
        expected.Digest == actual.Digest ? null : new Fault(check, $"other bits: {Describe(expected, actual)}");

    /// <summary>A fault where rounding cannot explain the difference.</summary>
    public static Fault? Near(FuzzProgram program, Outcome expected, Outcome actual, string check)
    {
        if (expected.Digest == actual.Digest) return null;
        double[] distances = expected.Distances(actual);
        // Where an operation subtracts equals, what is left is rounding too; the weights of the scalar are about 1.
        double slight = (program.IsDouble ? 1e-13 : 1e-6) * (1 + expected.Magnitudes.Max());
        if (distances.All(distance => distance <= slight)) return null;
        bool canRound = distances.Length == expected.Samples.Length;
        return canRound && (Explains(program, expected, distances, NoiseRuns) || Explains(program, expected, distances, MoreNoiseRuns)) ? null
            : new Fault(check, $"more than rounding explains: {Describe(expected, actual)}");
    }

    private static bool Explains(FuzzProgram program, Outcome expected, double[] distances, int runs)
    {
        var reach = new double[distances.Length];
        for (int run = 0; run < runs; run++)
        {
            int seed = run * 100_000;
            double[] moved = expected.Distances(Evaluate(program, each: value => value.DType.IsFloat() ? new Noise(seed += 3).Apply(value) : value));
            for (int i = 0; i < reach.Length; i++) reach[i] = Math.Max(reach[i], moved[i]);
        }
        return distances.Zip(reach, (distance, bound) => distance <= Margin * bound).All(isExplained => isExplained);
    }

    private static Outcome WithoutFusion(FuzzProgram program)
    {
        using ModeScope definitions = Fusion.Off();
        return Evaluate(program);
    }

    private static Outcome OnThreads(int count, FuzzProgram program)
    {
        int before = Workers.Count;
        Workers.Count = count;
        try { return Evaluate(program); }
        finally { Workers.Count = before; }
    }

    // Along a random direction: reverse mode's ⟨gradient, v⟩, forward mode's tangent, and differences of the scalar.
    private static Fault? Derivatives(FuzzProgram program, out bool wasNumerical)
    {
        wasNumerical = false;
        Fault? fault = null;
        for (int attempt = 0; attempt < Directions; attempt++)
        {
            int seed = attempt;
            fault = AlongDirection(program, leaf => Tensor.Randn(leaf.Shape, new Generator(++seed * 7919), leaf.DType), out wasNumerical);
            if (fault is null) return null; // a kink or a cliff lies in one direction; a wrong rule in all
        }
        return fault;
    }

    private static Fault? AlongDirection(FuzzProgram program, Func<Tensor, Tensor> draw, out bool wasNumerical)
    {
        wasNumerical = false;
        // Not at the inputs themselves: those of expanded ones are equal, and where a function compares equals it has no derivative.
        Tensor[] leaves = [.. program.Leaves().Select(leaf => leaf + (0.1 * draw(leaf)))], directions = [.. leaves.Select(draw)];
        foreach (Tensor leaf in leaves) leaf.RequiresGrad = true;
        Tensor scalar = program.Run(leaves).Scalar;
        if (!scalar.RequiresGrad || !double.IsFinite(scalar.Item<double>())) return null;
        Tensor[] gradients = Autograd.Grad(scalar, leaves, allowUnused: true);
        double reverse = 0, magnitude = 0;
        for (int i = 0; i < leaves.Length; i++)
        {
            double[] terms = (gradients[i].To(DType.Float64) * directions[i].To(DType.Float64)).ToArray<double>();
            (reverse, magnitude) = (reverse + terms.Sum(), magnitude + terms.Sum(Math.Abs));
        }
        if (!double.IsFinite(magnitude)) return null;

        // What is left of terms that cancel is rounding, of terms as large as the scalar.
        double slight = (program.IsDouble ? 1e-10 : 1e-4) * (magnitude + Math.Abs(scalar.Item<double>()));
        if (!program.Writes)
        {
            double forward = Autograd.Jvp(Along, Tensor.Zeros([], program.DType), Tensor.Ones([], program.DType)).Tangent.Item<double>();
            if (!(Math.Abs(forward - reverse) <= slight) && !IsRounding(program, leaves, directions, reverse, Math.Abs(forward - reverse)))
                return new Fault("forward mode", $"reverse mode gives {reverse:R}, forward mode {forward:R}");
        }

        if (!program.IsDouble || Differences.Of(t => Along(t).Item<double>()) is not { } numerical) return null;
        wasNumerical = numerical.Error <= 1e-3 * (magnitude + 1e-3);
        double tolerance = slight + (1e-6 * magnitude) + (20 * numerical.Error);
        return Math.Abs(numerical.Slope - reverse) <= tolerance ? null
            : new Fault("differences", $"reverse mode gives {reverse:R}, differences {numerical.Slope:R} ± {numerical.Error:g2}");

        Tensor Along(Tensor t) => program.Run([.. leaves.Select((leaf, i) => leaf.Detach() + (t.To(leaf.DType) * directions[i]))]).Scalar;
    }

    private static bool IsRounding(FuzzProgram program, Tensor[] leaves, Tensor[] directions, double reverse, double distance)
    {
        double reach = 0;
        for (int run = 0; run < MoreNoiseRuns; run++)
        {
            int seed = run * 100_000;
            Tensor scalar = program.Run(leaves, value => value.DType.IsFloat() ? new Noise(seed += 3).Apply(value) : value).Scalar;
            double moved = Autograd.Grad(scalar, leaves, allowUnused: true)
                .Zip(directions, (g, v) => (g.To(DType.Float64) * v.To(DType.Float64)).Sum().Item<double>()).Sum();
            reach = Math.Max(reach, Math.Abs(moved - reverse));
        }
        return distance <= Margin * reach;
    }

    private static string Describe(Outcome expected, Outcome actual)
    {
        double[] distances = expected.Distances(actual);
        int worst = Array.IndexOf(distances, distances.Max());
        return $"the largest distance is {distances[worst]:g3}, of tensor {worst} of {distances.Length} (results, scalar, gradients), magnitude "
            + $"{expected.Magnitudes[worst]:g3}";
    }
}
