using System.Numerics;
using MiniTorch.Nn;
using MiniTorch.Tests.Conformance;

namespace MiniTorch.Tests.RandomNumbers;

/// <summary>Evaluates the torch calls of rng.json with a <see cref="Generator"/>.</summary>
/// <typeparam name="T">The dtype of the row: float or double.</typeparam>
sealed class TorchDraws<T>(Generator generator)
    where T : unmanaged, IBinaryFloatingPointIeee754<T>
{
    static readonly DType s_dtype = typeof(T) == typeof(double) ? DType.Float64 : DType.Float32;

    delegate void Fill<TElement>(Span<TElement> destination);

    /// <summary>The tensors that the call makes, in order.</summary>
    public IReadOnlyList<Array> Evaluate(string call)
    {
        if (call.EndsWith(", no reseeding", StringComparison.Ordinal))
            return [.. call[..call.LastIndexOf(',')].Split(" then ").SelectMany(Evaluate)];
        if (call.StartsWith("nn.", StringComparison.Ordinal))
            return [.. new TorchInitDraws(generator, s_dtype).Evaluate(call)];
        return [Function(PythonCall.Parse(call))];
    }

    Array Function(PythonCall call) => call.Name switch
    {
        ['.', ..] => Method((PythonCall)call.Arguments[0]!, call with { Name = call.Name[1..], Arguments = [.. call.Arguments.Skip(1)] }),
        "torch.rand" => Draw<T>(call.CountFrom(0), s => generator.FillUniform(s)),
        "torch.randn" => Draw<T>(call.CountFrom(0), s => generator.FillNormal(s)),
        "torch.randint" => Draw<long>(call.CountFrom(2), s => generator.FillRandInt(s, call.Integer(0), call.Integer(1))),
        "torch.randperm" => Draw<long>(call.Count(0), generator.FillRandPerm),
        "torch.bernoulli" => Bernoulli((PythonCall)call.Arguments[0]!),
        "torch.multinomial" => Multinomial(call, (PythonCall)call.Arguments[0]!),
        "F.dropout" => Dropout((PythonCall)call.Arguments[0]!, call.Real("p", 0.5)),
        _ => throw new NotSupportedException($"unknown torch function {call.Name}"),
    };

    Array Method(PythonCall tensor, PythonCall call)
    {
        tensor.Name.ShouldBe("torch.empty");
        int count = tensor.CountFrom(0);
        return call.Name switch
        {
            "uniform_" => Draw<T>(count, s => generator.FillUniform(s, call.Real(0), call.Real(1))),
            "normal_" => Draw<T>(count, s => generator.FillNormal(s, call.Real(0), call.Real(1))),
            "exponential_" => Draw<T>(count, s => generator.FillExponential(s, call.Real(0))),
            "bernoulli_" => Draw<T>(count, s => generator.FillBernoulli(s, call.Real(0))),
            _ => throw new NotSupportedException($"unknown tensor method {call.Name}"),
        };
    }

    Array Bernoulli(PythonCall tensor)
    {
        tensor.Name.ShouldBe("torch.full");
        var probabilities = new T[tensor.Count(0)];
        Array.Fill(probabilities, T.CreateTruncating(tensor.Real(1)));
        return Draw<T>(probabilities.Length, s => generator.FillBernoulli<T, T>(s, probabilities));
    }

    Array Multinomial(PythonCall call, PythonCall tensor)
    {
        tensor.Name.ShouldBe("tensor");
        double[] weights = PythonValue.Reals(tensor.Arguments[0]);
        bool replacement = call.Flag("replacement", absent: false);
        return tensor.Arguments.Skip(1).Concat(tensor.Options.Values).Any(option => option is PythonName { Text: "float64" })
            ? Draw<long>(call.Count(1), s => generator.FillMultinomial<double>(s, weights, replacement))
            : Draw<long>(call.Count(1), s => generator.FillMultinomial<float>(s, Array.ConvertAll(weights, w => (float)w), replacement));
    }

    double[] Dropout(PythonCall ones, double p)
    {
        ones.Name.ShouldBe("torch.ones");
        return Functional.Dropout(Tensor.Ones([ones.CountFrom(0)], s_dtype), p, training: true, generator).ToArray<double>();
    }

    static Array Draw<TElement>(int count, Fill<TElement> fill)
        where TElement : unmanaged, INumber<TElement>
    {
        var elements = new TElement[count];
        fill(elements);
        return elements as long[] ?? (Array)Array.ConvertAll(elements, double.CreateTruncating);
    }
}
