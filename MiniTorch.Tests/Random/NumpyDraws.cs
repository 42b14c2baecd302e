using MiniTorch.Tests.Conformance;

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
                .SelectMany(argument => (double[])Function((PythonCall)argument!)).ToArray();
        if (call.Split("; ") is [['a', ' ', '=', ' ', .. var made], Prefix + "shuffle(a)", "a"])
            return Shuffled(PythonCall.Parse(made));
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
        if (!call.Options.TryGetValue("p", out object? probabilities))
            return random.Choice(call.Count(0), call.Count(1), replace);
        double[] p = PythonValue.Reals(probabilities);
        p.Length.ShouldBe(call.Count(0));
        return random.Choice(p, call.Count(1), replace);
    }

    /// <summary>np.arange(n) or np.arange(n).reshape(rows, columns), shuffled by rows.</summary>
    long[] Shuffled(PythonCall made)
    {
        PythonCall range = made.Name == ".reshape" ? (PythonCall)made.Arguments[0]! : made;
        range.Name.ShouldBe("np.arange");
        var data = new long[range.Count(0)];
        for (int i = 0; i < data.Length; i++)
            data[i] = i;
        random.Shuffle<long>(data, range == made ? 1 : data.Length / (int)PythonValue.Reals(made.Arguments[1])[0]);
        return data;
    }
}
