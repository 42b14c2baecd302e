namespace MiniTorch.Tests.Export;

/// <summary>Runs a model's nodes one after the other, as the ONNX specification defines those operators that exports use.</summary>
internal static class OnnxInterpreter
{
    public static IReadOnlyDictionary<string, Tensor> Run(OnnxModel model, IReadOnlyDictionary<string, Tensor> inputs)
    {
        var values = new Dictionary<string, Tensor>(model.Initializers);
        foreach ((string name, Tensor value) in inputs) values.Add(name, value);
        foreach (OnnxModel.Node node in model.Nodes)
            values.Add(node.Outputs.Single(), Evaluate(node, [.. node.Inputs.Select(name => name.Length == 0 ? null! : values[name])]));
        return model.Outputs.ToDictionary(output => output.Name, output => values[output.Name]);
    }

    private static Tensor Evaluate(OnnxModel.Node node, Tensor[] x)
    {
        int Axis(int otherwise = 0) => (int)node.Integer("axis", otherwise);
        return node.Type switch
        {
            "Identity" => x[0],
            "Cast" => x[0].To(node.Integer("to", 0) switch { 1 => DType.Float32, 11 => DType.Float64, 7 => DType.Int64, _ => DType.Bool }),
            "Shape" => Tensor.From([.. x[0].Shape.Skip((int)node.Integer("start", 0)).Take((int)(node.Integer("end", 0) - node.Integer("start", 0)))
                .Select(size => (long)size)]),
            "Concat" => Tensor.Cat(x, Axis()),
            "Reshape" => Reshape(x[0], Integers(x[1]), node.Integer("allowzero", 0) != 0),
            "Transpose" => x[0].Permute(node.Integers("perm")),
            "Expand" => x[0].Expand(Shape.Broadcast(x[0].Shape, Integers(x[1]), "Expand")),
            "Slice" => Slice(x),
            "Gather" => x[0].IndexSelect(Axis(), x[1]),
            "GatherElements" => x[0].Gather(Axis(), x[1]),
            "ScatterElements" => node.Text("reduction") == "add" ? x[0].ScatterAdd(Axis(), x[1], x[2]) : x[0].Scatter(Axis(), x[1], x[2]),
            "Pad" => Integers(x[1]) is [0, 0, var top, var left, 0, 0, var bottom, var right]
                ? x[0].Pad([left, right, top, bottom], "constant", x[2].Item<double>()) : throw new NotSupportedException("Pad of other than images"),
            "MatMul" => x[0].MatMul(x[1]),
            "Gemm" => x[0].MatMul(node.Integer("transB", 0) == 1 ? x[1].T : x[1]) + x[2],
            "ReduceSum" => x[1].ElementCount == 0 ? x[0] : x[0].Sum(Integers(x[1]), node.Integer("keepdims", 1) == 1),
            "ReduceMax" => x[0].Amax(node.Integers("axes"), true),
            "ReduceMin" => x[0].Amin(node.Integers("axes"), true),
            "ReduceProd" => x[0].Prod(node.Integers("axes").Single(), true),
            "ReduceL1" => x[0].Abs().Sum(node.Integers("axes"), true),
            "ReduceL2" => x[0].Square().Sum(node.Integers("axes"), true).Sqrt(),
            "ReduceLogSumExp" => x[0].LogSumExp(node.Integers("axes"), true),
            "CumSum" => x[0].CumSum(x[1].Item<int>()),
            "Softmax" => x[0].Softmax(Axis(-1)),
            "LogSoftmax" => x[0].LogSoftmax(Axis(-1)),
            "LayerNormalization" => x[0].LayerNorm(x[1].Shape, x[1], x.ElementAtOrDefault(2), node.Real("epsilon")),
            "Conv" or "ConvTranspose" or "MaxPool" or "AveragePool" => Windows(node, x),
            _ => Pointwise(node, x),
        };
    }

    private static Tensor Pointwise(OnnxModel.Node node, Tensor[] x) => node.Type switch
    {
        "Add" => x[0] + x[1],
        "Sub" => x[0] - x[1],
        "Mul" => x[0] * x[1],
        "Div" => x[0] / x[1],
        "Pow" => x[0].Pow(x[1]),
        "Mod" => node.Integer("fmod", 0) == 1 ? x[0].Fmod(x[1]) : x[0].Remainder(x[1]),
        "Max" => x[0].Maximum(x[1]),
        "Min" => x[0].Minimum(x[1]),
        "Equal" => x[0].Eq(x[1]),
        "Less" => x[0] < x[1],
        "LessOrEqual" => x[0] <= x[1],
        "Greater" => x[0] > x[1],
        "GreaterOrEqual" => x[0] >= x[1],
        "Not" => x[0].LogicalNot(),
        "Or" => x[0].LogicalOr(x[1]),
        "Where" => Tensor.Where(x[0], x[1], x[2]),
        "IsNaN" => x[0].IsNaN(),
        "IsInf" => x[0].IsInf(),
        "Clip" => Clip(x),
        "Relu" => x[0].Relu(),
        "LeakyRelu" => x[0].LeakyRelu(node.Real("alpha")),
        "PRelu" => Tensor.Where(x[0] > 0, x[0], x[1] * x[0]),
        "Elu" => x[0].Elu(node.Real("alpha")),
        "Selu" => x[0].Selu(),
        "Sigmoid" => x[0].Sigmoid(),
        "HardSigmoid" => (x[0] * node.Real("alpha") + node.Real("beta")).Hardtanh(0, 1),
        "HardSwish" => x[0].Hardswish(),
        "Softplus" => x[0].Softplus(),
        "Shrink" => node.Real("bias") == 0 ? x[0].Hardshrink(node.Real("lambd")) : x[0].Softshrink(node.Real("lambd")),
        "Tanh" => x[0].Tanh(),
        "Exp" => x[0].Exp(),
        "Log" => x[0].Log(),
        "Sqrt" => x[0].Sqrt(),
        "Reciprocal" => x[0].Reciprocal(),
        "Erf" => x[0].Erf(),
        "Sin" => x[0].Sin(),
        "Cos" => x[0].Cos(),
        "Tan" => x[0].Tan(),
        "Asin" => x[0].Asin(),
        "Acos" => x[0].Acos(),
        "Atan" => x[0].Atan(),
        "Sinh" => x[0].Sinh(),
        "Cosh" => x[0].Cosh(),
        "Asinh" => x[0].Asinh(),
        "Acosh" => x[0].Acosh(),
        "Atanh" => x[0].Atanh(),
        "Abs" => x[0].Abs(),
        "Sign" => x[0].Sign(),
        "Neg" => -x[0],
        "Floor" => x[0].Floor(),
        "Ceil" => x[0].Ceil(),
        "Round" => x[0].Round(),
        _ => throw new NotSupportedException($"{node.Type} (node {node.Name}) is not among the operators that exports are known to use"),
    };

    private static Tensor Reshape(Tensor x, int[] sizes, bool allowZero) =>
        x.Reshape([.. sizes.Select((size, i) => size == 0 && !allowZero ? x.Shape[i] : size)]);

    private static Tensor Slice(Tensor[] x)
    {
        Tensor result = x[0];
        for (int i = 0; i < x[3].ElementCount; i++)
        {
            int axis = Integers(x[3])[i], step = Integers(x[4])[i];
            long size = result.Shape[axis], start = x[1][i].Item<long>(), end = x[2][i].Item<long>();
            if (step < 0) result = result.Flip(axis); // exports reverse whole dimensions only
            else result = result.Slice(axis, (int)Math.Clamp(start, -size, size), (int)Math.Clamp(end, -size, size), step);
        }
        return result;
    }

    private static Tensor Clip(Tensor[] x)
    {
        Tensor result = x[1] is null ? x[0] : x[0].Maximum(x[1]);
        return x[2] is null ? result : result.Minimum(x[2]);
    }

    // Paddings may differ at the two ends: they are put there first.
    private static Tensor Windows(OnnxModel.Node node, Tensor[] x)
    {
        int[] kernel = node.Integers("kernel_shape"), stride = node.Integers("strides"), pads = node.Integers("pads");
        Pair step = (stride[0], stride[1]), spread = node.Integers("dilations") is [var y, var z] ? (y, z) : 1;
        int groups = (int)node.Integer("group", 1);
        if (node.Type == "ConvTranspose")
        {
            int[] extra = node.Integers("output_padding");
            return x[0].ConvTranspose2d(x[1], null, step, (pads[0], pads[1]), (extra[0], extra[1]), groups, spread);
        }
        int[] sides = [pads[1], pads[3], pads[0], pads[2]];
        if (node.Type == "Conv") return x[0].Pad(sides).Conv2d(x[1], x.ElementAtOrDefault(2), step, 0, spread, groups);
        if (node.Type == "MaxPool") return x[0].Pad(sides, "constant", double.NegativeInfinity).MaxPool2d((kernel[0], kernel[1]), step, 0, spread);
        Tensor sums = x[0].Pad(sides).AvgPool2d((kernel[0], kernel[1]), step),
            counts = Tensor.OnesLike(x[0]).Pad(sides).AvgPool2d((kernel[0], kernel[1]), step);
        return sums / counts; // padding does not count
    }

    private static int[] Integers(Tensor vector) => [.. vector.ToArray<long>().Select(value => (int)value)];
}
