using System.Numerics;
using System.Runtime.InteropServices;
using MiniTorch.Kernels;

namespace MiniTorch.Tests.Kernels;

public unsafe class ChannelTests
{
    /// <summary>Results of 12 MB and more are written past the caches if their lines are whole vectors.</summary>
    [NonParallelizable]
    [TestCase(48, 64, 1024)]
    [TestCase(48, 63, 1041)]
    [TestCase(4096, 768, 1)]
    [TestCase(4096, 769, 1)]
    public void A_large_map_has_the_same_bits_as_its_parts(int outer, int channels, int inner)
    {
        int threads = Workers.Count;
        try
        {
            Workers.Count = 3;
            Compare<float>();
            Compare<double>();
        }
        finally
        {
            Workers.Count = threads;
        }

        void Compare<T>() where T : unmanaged, IBinaryFloatingPointIeee754<T>
        {
            int line = channels * inner;
            DType dtype = sizeof(T) == 4 ? DType.Float32 : DType.Float64;
            Tensor x = Tensor.Randn([outer, line], new Generator(1), dtype), g = x.Flip(0);
            Tensor numbers = Tensor.Randn([4, channels], new Generator(2), dtype);
            x[0, 0] = double.NaN;
            x[1, 0] = double.PositiveInfinity;
            nuint bytes = (nuint)((long)outer * line * sizeof(T));
            byte* results = (byte*)NativeMemory.AlignedAlloc(4 * bytes, 64);
            fixed (T* px = x.ToArray<T>(), pg = g.ToArray<T>(), n = numbers.ToArray<T>())
            {
                Run((T*)results, px, pg, n, 0, outer);
                for (int first = 0; first < outer; first += 5) Run((T*)(results + 2 * bytes), px, pg, n, first, Math.Min(5, outer - first));
            }
            ReadOnlySpan<byte> whole = new(results, (int)(2 * bytes)), parts = new(results + 2 * bytes, (int)(2 * bytes));
            bool areEqual = whole.SequenceEqual(parts);
            NativeMemory.AlignedFree(results);
            areEqual.ShouldBeTrue();

            void Run(T* y, T* px, T* pg, T* n, int first, int count)
            {
                var sizes = new ChannelSizes(count, channels, inner);
                T* mean = n, ofX = n + channels, ofG = n + 2 * channels, shift = n + 3 * channels, dx = y + (long)outer * line;
                long at = (long)first * line;
                ChannelKernel.Affine(sizes, px + at, mean, ofX, shift, y + at);
                ChannelKernel.Combine(sizes, px + at, pg + at, mean, ofG, ofX, shift, dx + at);
            }
        }
    }
}
