using System.Numerics;
using MathNet.Numerics;
using MathNet.Numerics.LinearAlgebra;
using MathNet.Numerics.Providers.LinearAlgebra;
using MiniTorch.Kernels;

namespace MiniTorch.Ops;

/// <summary>Computes in float64 with each matrix of a batch, by a kernel or by Math.NET.</summary>
internal static class EachMatrix
{
    /// <summary>
    /// As <see cref="Run(string, ReadOnlySpan{Tensor}, int[][], Func{Matrix{double}[], Matrix{double}[]})"/>, by a kernel, unless the user
    /// installed a native provider for Math.NET, which is faster.
    /// </summary>
    public static Tensor[] Run<F>(string op, F kernel, ReadOnlySpan<Tensor> inputs, int[][] sizes, Func<Matrix<double>[], Matrix<double>[]> function)
        where F : struct, IMatrixFunction
    {
        if (LinearAlgebraControl.Provider is not ManagedLinearAlgebraProvider) return Run(op, inputs, sizes, function);
        Shape batch = Shape.Create(inputs[0].Shape.Span[..^2]);
        DType dtype = inputs[0].DType;
        var matrices = new Tensor[inputs.Length + sizes.Length];
        for (int i = 0; i < inputs.Length; i++) matrices[i] = inputs[i].Detach().Contiguous().To(DType.Float64);
        for (int i = 0; i < sizes.Length; i++) matrices[inputs.Length + i] = Tensor.Empty(Shape.Create([.. batch.Span, .. sizes[i]]), DType.Float64);
        var shapes = new (int Rows, int Columns)[matrices.Length];
        for (int i = 0; i < inputs.Length; i++) shapes[i] = (inputs[i].Shape[^2], inputs[i].Shape[^1]);
        for (int i = 0; i < sizes.Length; i++)
            shapes[inputs.Length + i] = sizes[i].Length == 2 ? (sizes[i][0], sizes[i][1]) : (1, Elements(sizes[i]));
        var call = new KernelMatrices<F>(kernel, Shape.Size(batch.ElementCount, op), inputs.Length, shapes);
        KernelCall.Run(call, matrices[0], matrices[1], At(2), At(3));
        if (call.Failure[0] is var (at, problem)) throw Problem(op, batch, at, inputs[0].Shape, problem);
        for (int i = 0; i < sizes.Length; i++) matrices[inputs.Length + i] = matrices[inputs.Length + i].To(dtype);
        return matrices[inputs.Length..];

        Tensor? At(int i) => i < matrices.Length ? matrices[i] : null;
    }

    private static ValueException Problem(string op, Shape batch, long at, Shape shape, string problem) =>
        new($"{op}: {(batch.Rank == 0 ? "the matrix" : $"matrix {at} of the batch")}, shape {shape}, {problem}");

    private readonly unsafe struct KernelMatrices<F>(F kernel, long count, int inputs, (int Rows, int Columns)[] shapes) : IKernelCall
        where F : struct, IMatrixFunction
    {
        /// <summary>The first matrix without a result, and what is wrong with it.</summary>
        public (long At, string Problem)?[] Failure { get; } = [null];

        public void Run<T>(byte** data) where T : unmanaged, IBinaryNumber<T>
        {
            MatrixBlock* first = stackalloc MatrixBlock[shapes.Length];
            for (int i = 0; i < shapes.Length; i++)
                first[i] = new MatrixBlock((double*)data[i], shapes[i].Rows, shapes[i].Columns, shapes[i].Columns);
            long failed;
            var job = new MatrixJob<F>
            {
                Function = kernel, Count = count, Inputs = inputs, First = first, Matrices = shapes.Length, Failed = &failed,
            };
            Simd.Run<MatrixJob<F>, double>(ref job);
            if (failed < count) Failure[0] = (failed, F.Problem(first[0].Next(failed)));
        }
    }

    /// <summary>The results of a function of one matrix from each input, as tensors of the inputs' dtype and shape [batch…, size…].</summary>
    /// <param name="op">The name in errors.</param>
    /// <param name="inputs">Of equal leading dimensions.</param>
    /// <param name="sizes">What follows the batch in each result's shape: two sizes for a matrix, one for a vector, none for a number.</param>
    /// <param name="function">Gives a matrix for each result; its elements are read row-major. It throws <see cref="ValueException"/> for a matrix
    /// that it cannot take.</param>
    public static Tensor[] Run(string op, ReadOnlySpan<Tensor> inputs, int[][] sizes, Func<Matrix<double>[], Matrix<double>[]> function)
    {
        DType dtype = inputs[0].DType;
        int[] batch = [.. inputs[0].Shape.Span[..^2]];
        int count = Shape.Size(Shape.Create(batch).ElementCount, op);
        var read = new double[inputs.Length][];
        for (int i = 0; i < read.Length; i++) read[i] = inputs[i].Detach().ToArray<double>();
        var written = new double[sizes.Length][];
        for (int i = 0; i < written.Length; i++) written[i] = new double[count * Elements(sizes[i])];

        var matrices = new Matrix<double>[inputs.Length];
        for (int at = 0; at < count && inputs[0].ElementCount > 0; at++)
        {
            for (int i = 0; i < matrices.Length; i++)
            {
                (int rows, int columns) = (inputs[i].Shape[^2], inputs[i].Shape[^1]);
                if (rows * columns == 0) return Pack(); // nothing to solve for
                matrices[i] = Matrix<double>.Build.DenseOfRowMajor(rows, columns, read[i].AsSpan(at * rows * columns, rows * columns).ToArray());
            }
            try
            {
                Matrix<double>[] results = function(matrices);
                for (int i = 0; i < results.Length; i++) results[i].ToRowMajorArray().CopyTo(written[i], at * Elements(sizes[i]));
            }
            catch (Exception wrong) when (wrong is ValueException or NonConvergenceException)
            {
                string problem = wrong is ValueException ? wrong.Message : SingularValuesFunction.NotConverged;
                throw Problem(op, Shape.Create(batch), at, inputs[0].Shape, problem);
            }
        }
        return Pack();

        Tensor[] Pack()
        {
            var results = new Tensor[sizes.Length];
            for (int i = 0; i < results.Length; i++) results[i] = Tensor.From(written[i], [.. batch, .. sizes[i]], dtype);
            return results;
        }
    }

    /// <summary>The matrix, if all its elements are finite: iterations on others need not end.</summary>
    /// <exception cref="ValueException">An element is NaN or infinite.</exception>
    public static Matrix<double> Finite(Matrix<double> a) =>
        a.Find(element => !double.IsFinite(element)) is not var (row, column, element) ? a
        : throw new ValueException(SingularValuesFunction.NotFinite(element, row, column));

    /// <summary>
    /// A finite matrix times a power of 2 that keeps squares of its elements in range, and what undoes it; most matrices stay as they are.
    /// </summary>
    /// <exception cref="ValueException">An element is NaN or infinite.</exception>
    public static (Matrix<double> Matrix, double Scale) Scaled(Matrix<double> a)
    {
        const double Largest = 1e140, Smallest = 1e-140;
        double size = Finite(a).Enumerate().Max(Math.Abs);
        if (size is 0 or (>= Smallest and <= Largest)) return (a, 1);
        double scale = Math.ScaleB(1, Math.ILogB(size));
        return (a.Map(element => element / scale), scale); // Math.NET multiplies by 1 / scale, which may overflow
    }

    private static int Elements(int[] size) => size.Aggregate(1, (product, part) => product * part);
}
