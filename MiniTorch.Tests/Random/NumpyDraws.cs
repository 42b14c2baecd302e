namespace MiniTorch.Tests.RandomNumbers;

/// <summary>Evaluates the NumPy calls of rng.json with a <see cref="NumpyRandom"/>.</summary>
sealed class NumpyDraws(NumpyRandom random)
{
    const string Prefix = "np.random.";

    /// <summary>The array that the call makes.</summary>
    public Array Evaluate(string call)
    {
        if (call.EndsWith(" without reseeding", StringComparison.Ordinal))
            return PythonCall.Parse(call[..call.LastIndexOf(" without", StringComparison.Ordinal)]).Arguments
                .SelectMany(argument => (double[])Evaluate(argument)).ToArray();
        if (PythonCall.SplitTopLevel(call, ";").ToList() is [var made, Prefix + "shuffle(a)", "a"])
            return Shuffled(made);
        return Function(PythonCall.Parse(call));
    }

    Array Function(PythonCall call) => call.Name switch
    {
        Prefix + "rand" => random.Rand(call.CountFrom(0)),
        Prefix + "randn" => random.RandN(call.CountFrom(0)),
        Prefix + "randint" => random.RandInt(call.Integer(0), call.Integer(1), call.Count(2)),
        Prefix + "permutation" => random.Permutation(call.Count(0)),
        Prefix + "uniform" => random.Uniform(call.Real(0), call.Real(1), call.Count(2)),
        Prefix + "normal" => random.Normal(call.Real(0), call.Real(1), call.Count(2)),
        Prefix + "exponential" => random.Exponential(call.Real(0), call.Count(1)),
        Prefix + "binomial" => random.Binomial(call.Integer(0), call.Real(1), call.Count(2)),
        Prefix + "choice" => Choice(call, replace: call.Flag("replace", absent: true)),
        _ => throw new NotSupportedException($"unknown NumPy function {call.Name}"),
    };

    long[] Choice(PythonCall call, bool replace)
    {
        if (!call.Options.TryGetValue("p", out string? probabilities))
            return random.Choice(call.Count(0), call.Count(1), replace);
        double[] p = PythonCall.Reals(probabilities);
        p.Length.ShouldBe(call.Count(0));
        return random.Choice(p, call.Count(1), replace);
    }

    /// <summary>a = np.arange(n) or np.arange(n).reshape(rows, columns), shuffled by rows.</summary>
    long[] Shuffled(string made)
    {
        string[] parts = made.Split(["a = np.arange(", ").reshape(", ")"], StringSplitOptions.RemoveEmptyEntries);
        var data = new long[(int)PythonCall.Reals(parts[0])[0]];
        for (int i = 0; i < data.Length; i++)
            data[i] = i;
        random.Shuffle<long>(data, parts.Length == 1 ? 1 : data.Length / (int)PythonCall.Reals(parts[1])[0]);
        return data;
    }
}
