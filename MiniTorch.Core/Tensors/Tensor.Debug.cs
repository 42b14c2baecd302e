using System.Diagnostics;
using System.Runtime.CompilerServices;

namespace MiniTorch;

[DebuggerDisplay("{DebugText,nq}")]
[DebuggerTypeProxy(typeof(DebugView))]
public partial class Tensor
{
    // A debugger stops the other threads and stands anywhere in a forward or backward pass. Therefore nothing here applies an operation, waits for a
    // thread, computes deferred elements, refreshes a view's node or marks memory as shared.
    private const int MostDebugElements = 1 << 20, MostDebugRows = 10, MostDebugColumns = 6;

    /// <summary>The line that a debugger shows.</summary>
    [DebuggerBrowsable(DebuggerBrowsableState.Never)]
    internal string DebugText => $"{DType} {Shape}{(_node is null ? "" : _node is OpNode node ? $", gradOp: {node.Name}" : ", requiresGrad: true")}; {Statistics.Of(this)}";

    /// <summary>The smallest and largest element, the mean and the number of NaN, of the first 2²⁰ elements.</summary>
    private readonly record struct Statistics(double Min, double Mean, double Max, long NaNs, long Count, string? Problem)
    {
        public static Statistics Of(Tensor tensor)
        {
            if (tensor.Storage.WhyUnreadable is { } problem) return new Statistics { Problem = problem };
            (double min, double max, double sum, long nans, long count) = (double.PositiveInfinity, double.NegativeInfinity, 0, 0, 0);
            foreach (long at in Offsets(tensor.Layout, MostDebugElements))
            {
                double value = ElementAt(tensor, at);
                count++;
                if (double.IsNaN(value)) nans++;
                else (min, max, sum) = (Math.Min(min, value), Math.Max(max, value), sum + value);
            }
            return new Statistics(min, sum / (count - nans), max, nans, count, null);
        }

        public override string ToString()
        {
            if (Problem is not null) return Problem;
            if (Count == 0) return "empty";
            string range = Count == NaNs ? "" : FormattableString.Invariant($"min {Min:G5}, mean {Mean:G5}, max {Max:G5}, ");
            return $"{range}{NaNs} NaN{(Count == MostDebugElements ? " in the first 2²⁰ elements" : "")}";
        }
    }

    private static double ElementAt(Tensor tensor, long offset)
    {
        ref byte element = ref Unsafe.AddByteOffset(ref tensor.Data, (nint)(offset * tensor.DType.Size()));
        return tensor.DType switch
        {
            DType.Float32 => Unsafe.As<byte, float>(ref element),
            DType.Float64 => Unsafe.As<byte, double>(ref element),
            DType.Int64 => Unsafe.As<byte, long>(ref element),
            _ => element,
        };
    }

    // The distances of the elements from the first one, in row-major order.
    private static IEnumerable<long> Offsets(Layout layout, long most)
    {
        var index = new int[layout.Shape.Rank];
        long offset = 0;
        for (long left = Math.Min(layout.Shape.ElementCount, most); left > 0; left--)
        {
            yield return offset;
            for (int dim = index.Length - 1; dim >= 0; dim--)
            {
                offset += layout.Strides[dim];
                if (++index[dim] < layout.Shape[dim]) break;
                offset -= index[dim] * layout.Strides[dim];
                index[dim] = 0;
            }
        }
    }

    /// <summary>What a debugger shows when a tensor is unfolded.</summary>
    private sealed class DebugView(Tensor tensor)
    {
        private readonly Statistics _statistics = Statistics.Of(tensor);

        public Shape Shape => tensor.Shape;

        public DType DType => tensor.DType;

        public double Min => _statistics.Min;

        public double Mean => _statistics.Mean;

        public double Max => _statistics.Max;

        public long NaNs => _statistics.NaNs;

        /// <summary>The op that created the tensor.</summary>
        public string? GradOp => (tensor._node as OpNode)?.Name;

        public bool RequiresGrad => tensor._node is not null;

        public Tensor? Grad => tensor.LeafGrad;

        public long[] Strides => tensor.Layout.Strides;

        /// <summary>The first rows; of a row of more than 1,000 elements, its first ones.</summary>
        public string[] Rows
        {
            get
            {
                if (_statistics.Problem is { } problem) return [problem];
                Layout all = tensor.Layout;
                if (all.Shape.Rank == 0) return [Text(all)];
                var rows = new string[Math.Min(all.Shape[0], MostDebugRows)];
                for (int i = 0; i < rows.Length; i++)
                    rows[i] = Text(new Layout(all.Shape.Without(0), all.Strides[1..], all.Offset + (i * all.Strides[0])));
                return rows;
            }
        }

        // A tensor of the same memory without history; formatting up to 1,000 elements applies no operation.
        private string Text(Layout part)
        {
            if (part.Shape.ElementCount <= SummaryThreshold) return new Tensor(tensor.Storage, part).ToString();
            Shape first = Shape.Create([.. part.Shape.Select((size, dim) => Math.Min(size, dim < part.Shape.Rank - 2 ? 1 : MostDebugColumns))]);
            return $"{new Tensor(tensor.Storage, new Layout(first, part.Strides, part.Offset))} …";
        }
    }
}
