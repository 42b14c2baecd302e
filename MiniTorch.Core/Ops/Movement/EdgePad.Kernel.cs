using System.Numerics;

namespace MiniTorch.Kernels;

/// <summary>
/// A dimension of a padding: <paramref name="Size"/> elements, which begin at <paramref name="Start"/> in the output, the elements that the others
/// repeat, and the strides of input and output.
/// </summary>
internal readonly record struct EdgeAxis(int Size, int Start, int[] Places, long Input, long Output)
{
    /// <summary>The place in the output of element <paramref name="i"/> of <see cref="Places"/>.</summary>
    public long At(int i) => i < Start ? i : i + Size;
}

/// <summary>Padding with repeated elements: the last dimension first, then whole rows, planes and so on.</summary>
internal static unsafe class EdgePadKernel
{
    const long ChunkElements = 1 << 14;

    /// <summary>y from x, of shapes [outer, output] and [outer, input].</summary>
    public static void Run<T>(EdgeAxis[] axes, long outer, long input, long output, T* x, T* y)
        where T : unmanaged, IBinaryNumber<T> => Run(new Job<T>(axes, input, output, outer, isTransposed: false, x, y), outer, output);

    /// <summary>x = the sum of the elements of y that repeat an element.</summary>
    public static void RunTransposed<T>(EdgeAxis[] axes, long outer, long input, long output, T* y, T* x)
        where T : unmanaged, IBinaryNumber<T> => Run(new Job<T>(axes, input, output, outer, isTransposed: true, x, y), outer, output);

    static long PerChunk(long output) => Math.Max(1, ChunkElements / output);

    static void Run<T>(Job<T> job, long outer, long output)
        where T : unmanaged, IBinaryNumber<T> => Workers.Run(job, IntegerMath.CeilDiv(outer, PerChunk(output)));

    readonly struct Job<T>(EdgeAxis[] axes, long input, long output, long outer, bool isTransposed, T* x, T* y) : IJob
        where T : unmanaged, IBinaryNumber<T>
    {
        public void Execute(long chunk)
        {
            long first = chunk * PerChunk(output), end = Math.Min(outer, first + PerChunk(output));
            for (long i = first; i < end; i++)
                if (isTransposed) Gather(0, y + i * output, x + i * input, adds: false);
                else Pad(0, x + i * input, y + i * output);
        }

        void Pad(int level, T* from, T* to)
        {
            EdgeAxis axis = axes[level];
            T* inner = to + axis.Start * axis.Output;
            if (level == axes.Length - 1)
            {
                CopyRows.Copy((byte*)from, (byte*)inner, axis.Size * sizeof(T));
                for (int i = 0; i < axis.Places.Length; i++) to[axis.At(i)] = from[axis.Places[i]];
                return;
            }
            for (int j = 0; j < axis.Size; j++) Pad(level + 1, from + j * axis.Input, inner + j * axis.Output);
            for (int i = 0; i < axis.Places.Length; i++)
                CopyRows.Copy((byte*)(inner + axis.Places[i] * axis.Output), (byte*)(to + axis.At(i) * axis.Output), axis.Output * sizeof(T));
        }

        void Gather(int level, T* from, T* to, bool adds)
        {
            EdgeAxis axis = axes[level];
            T* inner = from + axis.Start * axis.Output;
            if (level == axes.Length - 1)
            {
                if (adds) IndexKernels.Add(inner, to, axis.Size);
                else CopyRows.Copy((byte*)inner, (byte*)to, axis.Size * sizeof(T));
                for (int i = 0; i < axis.Places.Length; i++) to[axis.Places[i]] += from[axis.At(i)];
                return;
            }
            for (int j = 0; j < axis.Size; j++) Gather(level + 1, inner + j * axis.Output, to + j * axis.Input, adds);
            for (int i = 0; i < axis.Places.Length; i++)
                Gather(level + 1, from + axis.At(i) * axis.Output, to + axis.Places[i] * axis.Input, adds: true);
        }
    }
}
