namespace MiniTorch.GradChecking;

/// <summary>Functions made of a checked one, to be checked in turn.</summary>
internal static class DerivedFunction
{
    /// <summary>The gradient, as a function of the variables and of the cotangents.</summary>
    public static CheckedFunction Gradient(CheckedFunction function, RandomVectors random)
    {
        Variable[] cotangents = [.. function.Call().Zip(function.Outputs, (result, output) =>
            new Variable($"cotangent of {output.Name}", random.NormalLike(result)))];
        foreach (Variable cotangent in cotangents) cotangent.Tensor.RequiresGrad = true;
        return new CheckedFunction(_ =>
        {
            Tensor?[] gradients = function.Gradients(function.Call(), [.. cotangents.Select(cotangent => cotangent.Tensor)], createGraph: true);
            return [.. gradients.Select((gradient, i) => gradient ?? Tensor.ZerosLike(function.Variables[i].Tensor))];
        }, [], [.. function.Variables, .. cotangents], i => $"gradient of {function.Variables[i].Name}")
        {
            Order = function.Order + 1,
            Domain = function.Domain is null ? null : _ => function.IsInDomain,
            Outside = function.Outside,
        };
    }

    /// <summary>A few random combinations of the results instead of all of them.</summary>
    public static CheckedFunction Combinations(CheckedFunction function, int count, RandomVectors random)
    {
        Tensor[] results = function.Call();
        Tensor[][] weights = [.. Enumerable.Range(0, count).Select(_ => results.Select(random.NormalLike).ToArray())];
        return Combined(function, ReferenceEquals(function.Measured, function) ? null : Combined(function.Measured, null));

        CheckedFunction Combined(CheckedFunction of, CheckedFunction? measured) => new(_ =>
        {
            Tensor[] now = of.Call();
            return [.. weights.Select(combination => now.Zip(combination, (result, weight) => (result * weight).Sum()).Aggregate((a, b) => a + b))];
        }, [], of.Variables, i => $"random combination {i} of the outputs")
        {
            Order = of.Order,
            Domain = of.Domain is null ? null : _ => of.IsInDomain,
            Outside = of.Outside,
            Measured = measured,
        };
    }
}
