using System.Numerics;
using System.Runtime.CompilerServices;

namespace MiniTorch.Kernels;

/// <summary>
/// The elements x[class] of rows of x, each times its class's weight. A row whose class is the ignored one counts nothing and is not read.
/// </summary>
internal static unsafe class PickedKernel
{
    const long ChunkRows = 1 << 12;

    [ThreadStatic]
    static Scratch? t_sums;

    /// <summary>
    /// Σ weight · x (0 if x is null), Σ weight, and whether each class is valid or ignored. The chunks' sums are added in their order.
    /// </summary>
    public static PickedSums Sum<T>(in PickedRows<T> rows, T* x)
        where T : unmanaged, IBinaryNumber<T>
    {
        long chunks = IntegerMath.CeilDiv(rows.Count, ChunkRows);
        PickedSums* sums = Scratch.Rent<PickedSums>(ref t_sums, Math.Max(1, chunks));
        if (chunks > 0) Workers.Run(new SumChunks<T>(rows, x, sums), chunks);
        var total = new PickedSums(0, 0, true);
        for (long chunk = 0; chunk < chunks; chunk++)
            total = new(total.Sum + sums[chunk].Sum, total.Weights + sums[chunk].Weights, total.AreValid && sums[chunk].AreValid);
        Scratch.Return(ref t_sums);
        return total;
    }

    /// <summary>Writes scale · weight to the picked elements of dx.</summary>
    public static void Scatter<T>(in PickedRows<T> rows, T scale, T* dx)
        where T : unmanaged, IBinaryNumber<T>
    {
        if (rows.Count > 0) Workers.Run(new ScatterChunks<T>(rows, scale, dx), IntegerMath.CeilDiv(rows.Count, ChunkRows));
    }

    readonly struct SumChunks<T>(PickedRows<T> rows, T* x, PickedSums* sums) : IJob
        where T : unmanaged, IBinaryNumber<T>
    {
        public void Execute(long chunk)
        {
            var sum = new SumOf<T>(x);
            bool areValid = Visit(rows, chunk, ref sum);
            sums[chunk] = new(sum.Sum, sum.Weights, areValid);
        }
    }

    readonly struct ScatterChunks<T>(PickedRows<T> rows, T scale, T* dx) : IJob
        where T : unmanaged, IBinaryNumber<T>
    {
        public void Execute(long chunk)
        {
            var scatter = new ScatterTo<T>(scale, dx);
            Visit(rows, chunk, ref scatter);
        }
    }

    /// <summary>Visits the picked elements of a chunk of rows; false if a class is neither valid nor ignored.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization | MethodImplOptions.NoInlining)]
    static bool Visit<T, TVisitor>(in PickedRows<T> rows, long chunk, ref TVisitor result)
        where T : unmanaged, IBinaryNumber<T>
        where TVisitor : struct, IVisitor<T>
    {
        TVisitor visitor = result; // in registers: sums in memory would make each row wait for the one before
        long* targets = rows.Targets;
        T* weights = rows.Weights;
        long row = chunk * ChunkRows, end = Math.Min(rows.Count, row + ChunkRows), classes = rows.Classes, inner = rows.Inner;
        (long ignored, bool ignores, bool areValid) = (rows.Ignored, rows.Ignores, true);
        (long outer, long column) = Math.DivRem(row, inner);
        while (row < end)
        {
            // The rows of one matrix, whose picked elements are a class apart.
            long place = outer++ * classes * inner + column, last = Math.Min(end, row + inner - column);
            column = 0;
            for (; row < last; row++, place++)
            {
                long target = targets[row];
                if ((ulong)target < (ulong)classes)
                {
                    if (target != ignored || !ignores) visitor.Take(place + target * inner, weights == null ? T.One : weights[target]);
                }
                else if (target != ignored || !ignores) areValid = false;
            }
        }
        result = visitor;
        return areValid;
    }

    interface IVisitor<T>
    {
        void Take(long place, T weight);
    }

    struct SumOf<T>(T* x) : IVisitor<T>
        where T : unmanaged, IBinaryNumber<T>
    {
        public double Sum, Weights;

        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        public void Take(long place, T weight)
        {
            Weights += double.CreateTruncating(weight);
            if (x != null) Sum += double.CreateTruncating(weight * x[place]);
        }
    }

    readonly struct ScatterTo<T>(T scale, T* dx) : IVisitor<T>
        where T : unmanaged, IBinaryNumber<T>
    {
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        public void Take(long place, T weight) => dx[place] = scale * weight;
    }
}

/// <summary>Σ weight · x, Σ weight, and whether each class is valid or ignored.</summary>
internal readonly record struct PickedSums(double Sum, double Weights, bool AreValid);

/// <summary>The class of each row of an array [outer, classes, inner], and the weights of the classes (null for 1).</summary>
internal readonly unsafe struct PickedRows<T>(ChannelSizes sizes, long* targets, T* weights, long? ignored)
    where T : unmanaged
{
    public readonly long Count = sizes.Outer * sizes.Inner, Classes = sizes.Channels, Inner = sizes.Inner, Ignored = ignored ?? 0;
    public readonly bool Ignores = ignored is not null;
    public readonly long* Targets = targets;
    public readonly T* Weights = weights;
}
