using System.Numerics;
using MathNet.Numerics.LinearAlgebra;

namespace MiniTorch.Tests.RandomNumbers;

/// <summary>Evaluates the torch.nn calls of rng.json: which distributions a module's parameters and nn.init's functions draw.</summary>
/// <typeparam name="T">The dtype of the row: float or double.</typeparam>
sealed class TorchInitDraws<T>(Generator generator)
    where T : unmanaged, IBinaryFloatingPointIeee754<T>
{
    /// <summary>The parameters that the call makes, in order.</summary>
    public IEnumerable<double[]> Evaluate(string text)
    {
        if (text.Split(" with w = ") is [var init, var tensor])
            return [Init(PythonCall.Parse(init), PythonCall.Parse(tensor))];
        return Module(PythonCall.Parse(PythonCall.SplitTopLevel(text, ":").First()));
    }

    IEnumerable<double[]> Module(PythonCall call)
    {
        switch (call.Name)
        {
            case "nn.Sequential":
                return call.Arguments.SelectMany(argument => Module(PythonCall.Parse(argument)).ToList());
            case "nn.Linear":
                return WeightAndBias(call, fanIn: call.Count(0), outputs: call.Count(1));
            case "nn.Conv1d" or "nn.Conv2d" or "nn.Conv3d":
                var kernel = PythonCall.Reals(call.Arguments[2]);
                double size = kernel.Length == 1 ? Math.Pow(kernel[0], call.Name[^2] - '0') : kernel.Aggregate((a, b) => a * b);
                return WeightAndBias(call, fanIn: (int)(call.Count(0) / call.Real("groups", 1) * size), outputs: call.Count(1));
            case "nn.Embedding":
                return [Normal(call.CountFrom(0), 1)];
            case "nn.LSTMCell" or "nn.GRUCell" or "nn.RNNCell":
                int inputs = call.Count(0), hidden = call.Count(1);
                int rows = hidden * (call.Name switch { "nn.LSTMCell" => 4, "nn.GRUCell" => 3, _ => 1 });
                double bound = 1 / Math.Sqrt(hidden);
                return [Uniform(rows * inputs, bound), Uniform(rows * hidden, bound), Uniform(rows, bound), Uniform(rows, bound)];
            default:
                throw new NotSupportedException($"unknown module {call.Name}");
        }
    }

    List<double[]> WeightAndBias(PythonCall call, int fanIn, int outputs)
    {
        var parameters = new List<double[]> { Uniform(outputs * fanIn, KaimingGain(Math.Sqrt(5)) / Math.Sqrt(fanIn) * Math.Sqrt(3)) };
        if (call.Flag("bias", absent: true))
            parameters.Add(Uniform(outputs, 1 / Math.Sqrt(fanIn)));
        return parameters;
    }

    double[] Init(PythonCall call, PythonCall tensor)
    {
        int count = tensor.CountFrom(0), rows = tensor.Count(0), receptive = tensor.CountFrom(2);
        int fanIn = tensor.Count(1) * receptive, fanOut = rows * receptive;
        double fan = call.Options.TryGetValue("mode", out string? mode) && mode == "'fan_out'" ? fanOut : fanIn;
        double kaiming = KaimingGain(call.Real("a", 0)) / Math.Sqrt(fan);
        double gain = call.Real("gain", 1), xavier = gain * Math.Sqrt(2.0 / (fanIn + fanOut));
        return call.Name switch
        {
            "nn.init.kaiming_uniform_" => Uniform(count, kaiming * Math.Sqrt(3)),
            "nn.init.kaiming_normal_" => Normal(count, kaiming),
            "nn.init.xavier_uniform_" => Uniform(count, xavier * Math.Sqrt(3)),
            "nn.init.xavier_normal_" => Normal(count, xavier),
            "nn.init.orthogonal_" => Orthogonal(rows, count / rows, gain),
            "nn.init.trunc_normal_" => TruncatedNormal(count, call),
            _ => throw new NotSupportedException($"unknown init function {call.Name}"),
        };
    }

    static double KaimingGain(double slope) => Math.Sqrt(2 / (1 + slope * slope));

    double[] Uniform(int count, double bound)
    {
        var elements = new T[count];
        generator.FillUniform(elements.AsSpan(), -bound, bound);
        return Array.ConvertAll(elements, double.CreateTruncating);
    }

    double[] Normal(int count, double std)
    {
        var elements = new T[count];
        generator.FillNormal(elements.AsSpan(), 0, std);
        return Array.ConvertAll(elements, double.CreateTruncating);
    }

    double[] TruncatedNormal(int count, PythonCall call)
    {
        var elements = new T[count];
        generator.FillTruncatedNormal(elements.AsSpan(), call.Real("mean", 0), call.Real("std", 1), call.Real("a", -2), call.Real("b", 2));
        return Array.ConvertAll(elements, double.CreateTruncating);
    }

    double[] Orthogonal(int rows, int columns, double gain)
    {
        var normal = Matrix<double>.Build.DenseOfRowMajor(rows, columns, Normal(rows * columns, 1));
        bool wide = rows < columns;
        var factors = (wide ? normal.Transpose() : normal).QR(MathNet.Numerics.LinearAlgebra.Factorization.QRMethod.Thin);
        var signs = factors.R.Diagonal().Map(r => (double)Math.Sign(r));
        var orthogonal = factors.Q * Matrix<double>.Build.DiagonalOfDiagonalVector(signs) * gain;
        return (wide ? orthogonal.Transpose() : orthogonal).ToRowMajorArray();
    }
}
