using System.Numerics;

namespace MiniTorch.Kernels;

/// <summary>Average pooling and its gradient by rows: first whole rows of a window are added, then the columns of the sum.</summary>
internal readonly unsafe struct AveragePoolRows<V, T>(PoolingShape shape, AverageDivisor divisor, T* x, T* y)
    where V : struct, IVector<V, T>
    where T : unmanaged, IBinaryFloatingPointIeee754<T>
{
    const long SumBlock = 4096;   // elements that are added before their sum joins the others

    readonly bool _isWhole = IsWhole(shape.Y) && IsWhole(shape.X);
    readonly T _wholeDivisor = shape.OutputSize == 1 ? T.CreateTruncating(divisor.Of(shape, 0, 0)) : T.One;

    /// <summary>Writes the means of one plane of x to y.</summary>
    public void Pool(long plane)
    {
        T* input = x + plane * shape.InputSize, output = y + plane * shape.OutputSize;
        if (_isWhole)
        {
            *output = Sum(input, shape.InputSize) / _wholeDivisor;
            return;
        }
        Room room = Rent();
        for (long i = 0; i < shape.Y.Output; i++, output += shape.X.Output)
        {
            AddRows(input, shape.Y.Start(i), shape.Y.End(i), room.Row);
            V rows = V.Broadcast(RowDivisor(i));
            for (long j = 0; j < shape.X.Output; j += V.Count)
            {
                V sum = ColumnSums(room, j) / (rows * V.Load(room.Divisors + j));
                Store(sum, output + j, shape.X.Output - j);
            }
        }
        PoolingScratch.Return();
    }

    /// <summary>Writes one plane of the gradient of x from that of the means, y.</summary>
    public void PoolBackward(long plane)
    {
        T* input = x + plane * shape.InputSize, output = y + plane * shape.OutputSize;
        if (_isWhole)
        {
            new Span<T>(input, checked((int)shape.InputSize)).Fill(*output / _wholeDivisor);
            return;
        }
        Room room = Rent();
        new Span<T>(input, checked((int)shape.InputSize)).Clear();
        for (long i = 0; i < shape.Y.Output; i++, output += shape.X.Output)
        {
            V rows = V.Broadcast(RowDivisor(i));
            for (long j = 0; j < shape.X.Output; j += V.Count)
            {
                V share = Load(output + j, shape.X.Output - j) / (rows * V.Load(room.Divisors + j));
                Store(share, room.Shares + j, shape.X.Output - j);
            }
            Spread(room);
            for (long r = shape.Y.Start(i); r < shape.Y.End(i); r++)
            {
                T* row = input + r * shape.X.Input;
                for (long c = 0; c < shape.X.Input; c += V.Count)
                    Store(Load(row + c, shape.X.Input - c) + V.Load(room.Row + c), row + c, shape.X.Input - c);
            }
        }
        PoolingScratch.Return();
    }

    /// <summary>
    /// One row of the input with its padding; for each column of outputs the divisor of its window's sum, its share of the gradient, and where the
    /// window begins and ends.
    /// </summary>
    readonly struct Room
    {
        public required T* Padded { get; init; }

        public required T* Row { get; init; }

        public required long Length { get; init; }

        public required T* Divisors { get; init; }

        public required T* Shares { get; init; }

        public required long* Ends { get; init; }
    }

    Room Rent()
    {
        PoolingAxis columns = shape.X;
        // Whole vectors of windows may be read behind the last one.
        long outputs = columns.Output + V.Count, length = columns.Input + columns.Padding + columns.Stride * (outputs + V.Count) + columns.Kernel;
        T* padded = Scratch.Rent<T>(ref PoolingScratch.Room, length + 2 * outputs);
        long* ends = Scratch.Rent<long>(ref PoolingScratch.Ends, 2 * columns.Output + 1);
        var room = new Room
        {
            Padded = padded, Row = padded + columns.Padding, Length = length, Divisors = padded + length, Shares = padded + length + outputs,
            Ends = ends,
        };
        new Span<T>(padded, checked((int)(length + 2 * outputs))).Clear();
        for (long j = 0; j < outputs; j++)
        {
            bool isOutput = j < columns.Output;
            if (isOutput) (ends[2 * j], ends[2 * j + 1]) = (columns.Start(j), columns.End(j));
            long count = !isOutput || divisor.Fixed is not null ? 1 : divisor.CountsPadding ? columns.PaddedLength(j) : ends[2 * j + 1] - ends[2 * j];
            room.Divisors[j] = T.CreateTruncating(count);
        }
        return room;
    }

    T RowDivisor(long i) => T.CreateTruncating(divisor.Fixed
        ?? (divisor.CountsPadding ? shape.Y.PaddedLength(i) : shape.Y.End(i) - shape.Y.Start(i)));

    void AddRows(T* input, long top, long bottom, T* sums)
    {
        long width = shape.X.Input;
        for (long c = 0; c < width; c += V.Count)
        {
            V sum = V.Of(0);
            for (long r = top; r < bottom; r++) sum += Load(input + r * width + c, width - c);
            Store(sum, sums + c, width - c);
        }
    }

    /// <summary>The sums of a vector of windows of the row.</summary>
    V ColumnSums(in Room room, long j)
    {
        (long kernel, long stride) = (shape.X.Kernel, shape.X.Stride);
        V sum = V.Of(0);
        if (kernel > 0 && stride == 1)
        {
            for (long k = 0; k < kernel; k++) sum += V.Load(room.Padded + j + k);
            return sum;
        }
        if (kernel > 0 && stride == 2)
        {
            T* first = room.Padded + 2 * j;
            for (long k = 0; k < kernel; k++) sum += V.Unzip(V.Load(first + k), V.Load(first + k + V.Count)).Even;
            return sum;
        }
        T* sums = stackalloc T[V.Count];
        for (int lane = 0; lane < V.Count; lane++)
        {
            sums[lane] = T.Zero;
            if (j + lane >= shape.X.Output) continue;
            for (long c = room.Ends[2 * (j + lane)]; c < room.Ends[2 * (j + lane) + 1]; c++) sums[lane] += room.Row[c];
        }
        return V.Load(sums);
    }

    /// <summary>Gives each column of the row the shares of the windows that see it.</summary>
    void Spread(in Room room)
    {
        new Span<T>(room.Padded, (int)room.Length).Clear();
        if (shape.X.Kernel > 0 && shape.X.Stride == 1)
        {
            for (long k = 0; k < shape.X.Kernel; k++)
                for (long j = 0; j < shape.X.Output; j += V.Count)
                    V.Store(V.Load(room.Padded + k + j) + V.Load(room.Shares + j), room.Padded + k + j);
            return;
        }
        for (long j = 0; j < shape.X.Output; j++)
            for (long c = room.Ends[2 * j]; c < room.Ends[2 * j + 1]; c++) room.Row[c] += room.Shares[j];
    }

    static T Sum(T* source, long count)
    {
        T sum = T.Zero;
        for (long block = 0; block < count; block += SumBlock)
        {
            long end = Math.Min(count, block + SumBlock), i = block;
            V a = V.Of(0), b = a, c = a, d = a;
            for (; i + 4 * V.Count <= end; i += 4 * V.Count)
            {
                T* at = source + i;
                (a, b) = (a + V.Load(at), b + V.Load(at + V.Count));
                (c, d) = (c + V.Load(at + 2 * V.Count), d + V.Load(at + 3 * V.Count));
            }
            for (; i < end; i += V.Count) a += Load(source + i, end - i);
            sum += V.Sum(a + b + (c + d));
        }
        return sum;
    }

    static bool IsWhole(PoolingAxis axis) => axis.Output == 1 && axis.Start(0) == 0 && axis.End(0) == axis.Input;

    static V Load(T* source, long count) => count >= V.Count ? V.Load(source) : V.LoadPartial(source, (int)count);

    static void Store(V value, T* target, long count)
    {
        if (count >= V.Count) V.Store(value, target);
        else V.StorePartial(value, target, (int)count);
    }
}

/// <summary>What average pooling keeps for the thread's next plane.</summary>
internal static class PoolingScratch
{
    [ThreadStatic]
    public static Scratch? Room, Ends;

    /// <summary>Returns what exceeds the room that a thread may keep.</summary>
    public static void Return()
    {
        Scratch.Return(ref Room);
        Scratch.Return(ref Ends);
    }
}
