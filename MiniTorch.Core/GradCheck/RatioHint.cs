namespace MiniTorch.GradChecking;

/// <summary>What the pattern of a wrong gradient suggests about its cause.</summary>
internal static class RatioHint
{
    /// <param name="analytic">The gradient by automatic differentiation, for a fixed cotangent.</param>
    /// <param name="numerical">The right gradient.</param>
    /// <param name="wrong">Which elements fail.</param>
    /// <param name="shape">The input's shape.</param>
    /// <param name="outputShape">The output's shape.</param>
    /// <param name="ratioName">The words for the ratio of the two gradients.</param>
    public static string? Of(double[] analytic, double[] numerical, bool[] wrong, Shape shape, Shape outputShape,
        string ratioName = "analytic / numerical")
    {
        if (!analytic.All(double.IsFinite)) return "the gradient is not finite: a division by zero, or ∞ · 0, in the rule";
        double largest = Math.Max(analytic.Max(Math.Abs), numerical.Max(Math.Abs));
        if (largest == 0 || !double.IsFinite(largest)) return null;
        if (analytic.All(value => value == 0))
            return "no gradient arrives: a Detach, a NoGrad, or values that went through an array or an operation without a derivative";
        if (Constant(analytic, numerical, largest) is { } ratio) return OfRatio(ratio, shape, outputShape, ratioName);
        if (Transposed(analytic, numerical, shape, largest)) return "the gradient is the transpose of the right one";
        int failing = wrong.Count(isWrong => isWrong);
        if (failing == 1 && wrong.Length > 1) return $"only the element {ElementIndex.Index(shape, Array.IndexOf(wrong, true))} is wrong";
        if (Permuted(analytic, numerical, largest)) return "the right values at the wrong places: the gradient is off by a permutation";
        return OnlyBorder(wrong, shape) ? "only elements at the border of the input are wrong: look at padding and edges" : null;
    }

    private static string OfRatio(double ratio, Shape shape, Shape outputShape, string name)
    {
        double inverse = 1 / ratio;
        if (Near(ratio, 2)) return $"{name} is 2 everywhere: the gradient is accumulated twice, or the derivative of a square lost its ½";
        if (Near(ratio, -1)) return $"{name} is −1 everywhere: the sign is wrong";
        if (Near(ratio, 0.5)) return $"{name} is ½ everywhere: a factor 2 is missing, or one of two uses of the input is not counted";
        foreach (double size in shape.Concat(outputShape).Concat([(int)shape.ElementCount, (int)outputShape.ElementCount]).Where(size => size > 1)
            .Select(size => (double)size))
        {
            if (Near(ratio, size))
                return FormattableString.Invariant($"{name} is {size} everywhere, a size of the shapes: the 1/N of a mean is missing");
            if (Near(inverse, size))
                return FormattableString.Invariant($"{name} is 1/{size} everywhere, a size of the shapes: ")
                    + "a broadcast input's gradient is not summed, or a mean is divided twice";
        }
        return FormattableString.Invariant($"{name} is {ratio:g5} everywhere: a constant factor is wrong");
    }

    private static bool Near(double a, double b) => Math.Abs(a - b) <= 1e-4 * Math.Abs(b);

    private static bool Same(double a, double b, double largest) => Math.Abs(a - b) <= 1e-5 * largest;

    private static double? Constant(double[] analytic, double[] numerical, double largest)
    {
        int at = Array.FindIndex(numerical, value => Math.Abs(value) == numerical.Max(Math.Abs));
        if (numerical[at] == 0) return null;
        double ratio = analytic[at] / numerical[at];
        return ratio != 0 && !Near(ratio, 1) && analytic.Zip(numerical).All(pair => Same(pair.First, ratio * pair.Second, largest)) ? ratio : null;
    }

    private static bool Transposed(double[] analytic, double[] numerical, Shape shape, double largest)
    {
        if (shape.Rank < 2 || shape[-1] == 1 || shape[-2] == 1) return false;
        int rows = shape[-2], columns = shape[-1], size = rows * columns;
        return Enumerable.Range(0, analytic.Length).All(i =>
            Same(analytic[i], numerical[(i / size * size) + (i % size % rows * columns) + (i % size / rows)], largest));
    }

    private static bool Permuted(double[] analytic, double[] numerical, double largest) =>
        analytic.Length > 1 && analytic.Order().Zip(numerical.Order()).All(pair => Same(pair.First, pair.Second, largest));

    // If nearly all elements are at the edge, as in shape [3, 4], the hint "only the edge" would say nothing.
    private static bool OnlyBorder(bool[] wrong, Shape shape)
    {
        if (Enumerable.Range(0, wrong.Length).Count(element => !AtBorder(element)) * 5 < wrong.Length) return false;
        bool AtBorder(int element) => ElementIndex.Of(shape, element).Select((index, dim) => (index, size: shape[dim]))
            .Any(at => at.size > 2 && (at.index == 0 || at.index == at.size - 1));
        return Enumerable.Range(0, wrong.Length).All(element => !wrong[element] || AtBorder(element));
    }
}
