using System.Globalization;
using System.Numerics;
using MiniTorch.Ops;

namespace MiniTorch.Nn;

/// <summary>Formats a call as a formula: <c>logits − max</c>, <c>exp(shifted)</c>.</summary>
internal static class Formula
{
    public static string Of(ExplainedCall call)
    {
        string[] x = [.. call.Inputs.Select(input => input.Name)];
        return call.Op switch
        {
            UnaryOp<AddScalar> op => $"{x[0]} + {Number(op.Function.C.Value)}",
            UnaryOp<SubtractFromScalar> op => $"{Number(op.Function.C.Value)} − {x[0]}",
            UnaryOp<MultiplyScalar> op => $"{Number(op.Function.C.Value)} · {x[0]}",
            UnaryOp<DivideByScalar> op => $"{x[0]} / {Number(op.Function.C.Value)}",
            UnaryOp<DivideScalar> op => $"{Number(op.Function.C.Value)} / {x[0]}",
            IElementwiseOp { Function: IPowScalar power } => $"{x[0]} ^ {Number(power.Exponent)}",
            UnaryOp<Negate> => $"−{x[0]}",
            UnaryOp<Square> => $"{x[0]}²",
            BinaryOp<Add> => $"{x[0]} + {x[1]}",
            BinaryOp<Subtract> => $"{x[0]} − {x[1]}",
            BinaryOp<Multiply> => $"{x[0]} · {x[1]}",
            BinaryOp<Divide> => $"{x[0]} / {x[1]}",
            BinaryOp<Pow> => $"{x[0]} ^ {x[1]}",
            MatMul => $"{x[0]} @ {x[1]}",
            Sum op => Function("sum", x, Dims(op.Dims, call.Inputs[0].Tensor.Rank)),
            AmaxOrAmin op => Function(op.Name.ToLowerInvariant(), x, Dims(op.Dims, call.Inputs[0].Tensor.Rank)),
            Gather op => Function("gather", x, $"dim {op.At.Dim}"),
            View => Function("view", x, $"{call.Outputs[0].Tensor.Shape}"),
            Cast op => Function("to", x, $"{op.To}"),
            _ => Function(ModuleMembers.SnakeCase(call.Op.Name), x, ""),
        };
    }

    private static string Function(string name, string[] arguments, string note) =>
        $"{name}({string.Join(", ", note.Length == 0 ? arguments : [.. arguments, note])})";

    private static string Dims(ulong dims, int rank)
    {
        if (BitOperations.PopCount(dims) == rank) return "";
        return "dim " + string.Join(", ", Enumerable.Range(0, rank).Where(dim => (dims >> dim & 1) != 0));
    }

    private static string Number(double value) => value.ToString("g6", CultureInfo.InvariantCulture);
}
