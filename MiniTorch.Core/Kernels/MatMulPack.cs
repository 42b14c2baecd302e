using System.Numerics;
using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.X86;

namespace MiniTorch.Kernels;

/// <summary>Copies a part of B whose rows can't be read as vectors, or lie pages apart, into contiguous rows.</summary>
internal static unsafe class MatMulPack
{
    /// <summary>panel[p, j] = b[p · bRow + j · bCol] for <paramref name="k"/> rows of <paramref name="columns"/> elements.</summary>
    public static void Copy<T>(long k, long columns, T* b, long bRow, long bCol, T* panel)
        where T : unmanaged, IBinaryNumber<T>
    {
        if (bCol == 1)
        {
            for (long p = 0; p < k; p++)
                Unsafe.CopyBlockUnaligned(panel + p * columns, b + p * bRow, (uint)(columns * sizeof(T)));
            return;
        }

        long rows = 0, done = 0;
        if (bRow == 1 && Sse2.IsSupported && typeof(T) != typeof(long))
        {
            long block = Vector128<T>.Count;
            rows = k / block * block;
            done = columns / block * block;
            for (long j = 0; j < done; j += block)
                for (long p = 0; p < rows; p += block)
                    Transpose(b + p + j * bCol, bCol, panel + p * columns + j, columns);
        }

        for (long j = 0; j < columns; j++)
            for (long p = j < done ? rows : 0; p < k; p++)
                panel[p * columns + j] = b[p * bRow + j * bCol];
    }

    /// <summary>Transposes a square of 128-bit rows; x86 only.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    static void Transpose<T>(T* source, long sourceRow, T* target, long targetRow)
        where T : unmanaged
    {
        if (typeof(T) == typeof(float))
        {
            float* s = (float*)source, t = (float*)target;
            Vector128<float> r0 = Vector128.Load(s), r1 = Vector128.Load(s + sourceRow);
            Vector128<float> r2 = Vector128.Load(s + 2 * sourceRow), r3 = Vector128.Load(s + 3 * sourceRow);
            Vector128<double> low01 = Sse.UnpackLow(r0, r1).AsDouble(), high01 = Sse.UnpackHigh(r0, r1).AsDouble();
            Vector128<double> low23 = Sse.UnpackLow(r2, r3).AsDouble(), high23 = Sse.UnpackHigh(r2, r3).AsDouble();
            Sse2.UnpackLow(low01, low23).AsSingle().Store(t);
            Sse2.UnpackHigh(low01, low23).AsSingle().Store(t + targetRow);
            Sse2.UnpackLow(high01, high23).AsSingle().Store(t + 2 * targetRow);
            Sse2.UnpackHigh(high01, high23).AsSingle().Store(t + 3 * targetRow);
        }
        else
        {
            double* s = (double*)source, t = (double*)target;
            Vector128<double> r0 = Vector128.Load(s), r1 = Vector128.Load(s + sourceRow);
            Sse2.UnpackLow(r0, r1).Store(t);
            Sse2.UnpackHigh(r0, r1).Store(t + targetRow);
        }
    }
}
