using System.Numerics;

namespace MiniTorch.Kernels;

/// <summary>Reductions over any set of dimensions of an array with any strides, into contiguous results.</summary>
/// <remarks>The result over no elements is the fold's identity: 0 for sums, 1 for products. Callers reject empty extrema.</remarks>
internal static unsafe class ReduceKernel
{
    /// <summary>Reduces the dimensions whose bit is set in <paramref name="reduced"/>.</summary>
    /// <param name="x">First element.</param>
    /// <param name="dims">The array's shape.</param>
    /// <param name="strides">The array's strides.</param>
    /// <param name="reduced">Bit d is set if dimension d is reduced.</param>
    /// <param name="results">One element for each position of the kept dimensions.</param>
    /// <param name="centers">Argument of the fold for each result, or null.</param>
    public static void Run<T, TFold>(T* x, ReadOnlySpan<int> dims, ReadOnlySpan<long> strides, ulong reduced, T* results, T* centers = null)
        where T : unmanaged, IBinaryNumber<T>
        where TFold : IFold
    {
        long* scratch = stackalloc long[ReducePlan.ScratchLength(dims.Length)];
        var job = new Whole<T, TFold>(x, ReducePlan.Create(dims, strides, reduced, keepOrder: false, scratch), results, centers);
        Simd.Run<Whole<T, TFold>, T>(ref job);
    }

    /// <summary>Computes the mean and Σ (x − mean)² of each result in two passes.</summary>
    public static void Moments<T>(T* x, ReadOnlySpan<int> dims, ReadOnlySpan<long> strides, ulong reduced, T* means, T* squares)
        where T : unmanaged, IBinaryNumber<T>
    {
        Run<T, Fold.Total>(x, dims, strides, reduced, means);
        long results = 1, count = 1;
        for (int d = 0; d < dims.Length; d++)
        {
            if ((reduced >> d & 1) != 0) count *= dims[d];
            else results *= dims[d];
        }

        for (long i = 0; i < results; i++) means[i] /= T.CreateTruncating(count);
        Run<T, Fold.SumOfSquaredDeviations>(x, dims, strides, reduced, squares, means);
    }

    readonly struct Whole<T, TFold>(T* x, ReducePlan plan, T* results, T* centers) : IVectorJob<T>
        where T : unmanaged, IBinaryNumber<T>
        where TFold : IFold
    {
        readonly T* _x = x, _results = results, _centers = centers;
        readonly ReducePlan _plan = plan;

        public void Run<V>() where V : struct, IVector<V, T>
        {
            if (_plan.Results == 0) return;
            if (_plan.Reduced == 0)
            {
                new Span<T>(_results, checked((int)_plan.Results)).Fill(TFold.Identity<V1<T>>().Value);
                return;
            }

            if (RowPairUnits<V, T, TFold>.Fits(_plan))
                ReduceUnits.Run(new RowPairUnits<V, T, TFold>(_x, _plan, _results, _centers), _plan.Results * _plan.Reduced);
            else if (_plan.IsByRows || _plan.HasOneResult) ReduceUnits.Run(new RowUnits<V, T, TFold>(_x, _plan, _results, _centers), _plan);
            else if (PanelUnits<V, T, TFold>.Fits(_plan))
                ReduceUnits.Run(new PanelUnits<V, T, TFold>(_x, _plan, _results, _centers), _plan.Results * _plan.Reduced);
            else ReduceUnits.Run(new ColumnUnits<V, T, TFold>(_x, _plan, _results, _centers), _plan);
        }
    }
}
