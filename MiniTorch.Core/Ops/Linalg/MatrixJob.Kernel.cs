namespace MiniTorch.Kernels;

/// <summary>A function of one matrix from each input, which gives one matrix for each output.</summary>
internal interface IMatrixFunction
{
    /// <summary>What is wrong with a first input that has no result.</summary>
    static abstract string Problem(MatrixBlock input);

    /// <summary>Reads the inputs and writes the outputs, all of them row-major without gaps; false if there is no result.</summary>
    bool Run<V>(ReadOnlySpan<MatrixBlock> inputs, ReadOnlySpan<MatrixBlock> outputs) where V : struct, IVector<V, double>;
}

/// <summary>Applies a function to each matrix of a batch.</summary>
internal unsafe struct MatrixJob<F> : IVectorJob<double>
    where F : struct, IMatrixFunction
{
    // Multiply-adds that one chunk does at least; the matrices of a chunk follow from the sizes only.
    const double ChunkWork = 1 << 16;

    public F Function;
    public long Count;
    public int Inputs;
    public MatrixBlock* First; // the first matrix of each input and then of each output

    public int Matrices;

    /// <summary>The first matrix that has no result; as many as there are if all have one.</summary>
    public long* Failed;

    public readonly void Run<V>()
        where V : struct, IVector<V, double>
    {
        *Failed = Count;
        double work = 0;
        for (int i = 0; i < Matrices; i++) work += (double)First[i].Rows * First[i].Columns * Math.Max(First[i].Rows, First[i].Columns);
        long each = (long)Math.Clamp(ChunkWork / Math.Max(1, work), 1, Math.Max(1, Count));
        Workers.Run(new Chunks<V>(this, each), (Count + each - 1) / each);
    }

    readonly struct Chunks<V>(MatrixJob<F> job, long each) : IJob
        where V : struct, IVector<V, double>
    {
        public void Execute(long chunk)
        {
            MatrixBlock* matrices = stackalloc MatrixBlock[job.Matrices];
            for (long at = chunk * each; at < Math.Min(job.Count, (chunk + 1) * each); at++)
            {
                for (int i = 0; i < job.Matrices; i++)
                {
                    matrices[i] = job.First[i].Next(at);
                }
                if (!job.Function.Run<V>(new(matrices, job.Inputs), new(matrices + job.Inputs, job.Matrices - job.Inputs))) Fail(at);
            }
            FactorScratch.Return();
        }

        void Fail(long at)
        {
            for (long seen = Volatile.Read(ref *job.Failed); at < seen;)
            {
                long now = Interlocked.CompareExchange(ref *job.Failed, at, seen);
                if (now == seen) return;
                seen = now;
            }
        }
    }
}

/// <summary>A⁻¹.</summary>
internal readonly unsafe struct InverseFunction : IMatrixFunction
{
    public static string Problem(MatrixBlock input) => "is singular and has no inverse";

    public bool Run<V>(ReadOnlySpan<MatrixBlock> inputs, ReadOnlySpan<MatrixBlock> outputs)
        where V : struct, IVector<V, double>
    {
        outputs[0].SetIdentity();
        return LuSolve<V>(inputs[0], outputs[0]);
    }

    /// <summary>Writes the X of A X = B over B.</summary>
    public static bool LuSolve<V>(MatrixBlock a, MatrixBlock b)
        where V : struct, IVector<V, double>
    {
        MatrixBlock lu = DeterminantFunction.Factors<V>(a, out int* pivots);
        for (int i = 0; i < lu.Rows; i++)
            if (lu[i, i] == 0) return false;
        for (int i = 0; i < lu.Rows; i++) FactorKernel<V>.Exchange(b, i, pivots[i]);
        FactorKernel<V>.SolveLower(lu, b, hasOnes: true);
        FactorKernel<V>.SolveUpper(lu, b);
        return true;
    }
}

/// <summary>The X of A X = B.</summary>
internal readonly struct SolveFunction : IMatrixFunction
{
    public static string Problem(MatrixBlock input) => InverseFunction.Problem(input);

    public bool Run<V>(ReadOnlySpan<MatrixBlock> inputs, ReadOnlySpan<MatrixBlock> outputs)
        where V : struct, IVector<V, double>
    {
        inputs[1].CopyTo(outputs[0]);
        return InverseFunction.LuSolve<V>(inputs[0], outputs[0]);
    }
}

/// <summary>The X of T X = B, where T is one triangle of a matrix.</summary>
internal readonly struct TriangularFunction(bool upper) : IMatrixFunction
{
    public static string Problem(MatrixBlock input) => "has a 0 on its diagonal, and so no inverse";

    public bool Run<V>(ReadOnlySpan<MatrixBlock> inputs, ReadOnlySpan<MatrixBlock> outputs)
        where V : struct, IVector<V, double>
    {
        for (int i = 0; i < inputs[0].Rows; i++)
            if (inputs[0][i, i] == 0) return false;
        inputs[1].CopyTo(outputs[0]);
        if (upper) FactorKernel<V>.SolveUpper(inputs[0], outputs[0]);
        else FactorKernel<V>.SolveLower(inputs[0], outputs[0], hasOnes: false);
        return true;
    }
}

/// <summary>The determinant, its sign and ln of its magnitude.</summary>
internal readonly unsafe struct DeterminantFunction : IMatrixFunction
{
    public static string Problem(MatrixBlock input) => "has no determinant";

    public bool Run<V>(ReadOnlySpan<MatrixBlock> inputs, ReadOnlySpan<MatrixBlock> outputs)
        where V : struct, IVector<V, double>
    {
        MatrixBlock lu = Factors<V>(inputs[0], out int* pivots);
        double determinant = 1, sign = 1, log = 0;
        for (int i = 0; i < lu.Rows; i++)
        {
            double pivot = pivots[i] == i ? lu[i, i] : -lu[i, i];
            determinant *= pivot;
            sign *= double.IsNaN(pivot) ? pivot : Math.Sign(pivot);
            log += Math.Log(Math.Abs(pivot));
        }
        (outputs[0][0, 0], outputs[1][0, 0], outputs[2][0, 0]) = (determinant, sign, log);
        return true;
    }

    /// <summary>The factors of A and the exchanged rows, valid until the next call on the thread.</summary>
    public static MatrixBlock Factors<V>(MatrixBlock a, out int* pivots)
        where V : struct, IVector<V, double>
    {
        MatrixBlock lu = MatrixBlock.Rent(ref FactorScratch.Work, a.Rows, a.Columns);
        pivots = Scratch.Rent<int>(ref FactorScratch.Small, Math.Max(1, a.Rows));
        a.CopyTo(lu);
        FactorKernel<V>.Lu(lu, pivots);
        return lu;
    }
}

/// <summary>The lower triangular L of A = L Lᵀ, from the lower triangle of A.</summary>
internal readonly unsafe struct CholeskyFunction : IMatrixFunction
{
    public static string Problem(MatrixBlock input) => "is not positive definite";

    public bool Run<V>(ReadOnlySpan<MatrixBlock> inputs, ReadOnlySpan<MatrixBlock> outputs)
        where V : struct, IVector<V, double>
    {
        (MatrixBlock a, MatrixBlock lower) = (inputs[0], outputs[0]);
        int n = a.Rows;
        MatrixBlock upper = MatrixBlock.Rent(ref FactorScratch.Work, n, n);
        for (int i = 0; i < n; i++)
        {
            double* row = a.Row(i), column = upper.Data + i;
            for (int j = 0; j <= i; j++) column[j * upper.RowStride] = row[j];
        }
        if (!FactorKernel<V>.Cholesky(upper)) return false;
        for (int i = 0; i < n; i++)
        {
            double* row = lower.Row(i), column = upper.Data + i;
            for (int j = 0; j <= i; j++) row[j] = column[j * upper.RowStride];
            new Span<double>(row + i + 1, n - i - 1).Clear();
        }
        return true;
    }
}

/// <summary>Q and R of A = Q R.</summary>
internal readonly struct QrFunction : IMatrixFunction
{
    public static string Problem(MatrixBlock input) => "has no factors";

    public bool Run<V>(ReadOnlySpan<MatrixBlock> inputs, ReadOnlySpan<MatrixBlock> outputs)
        where V : struct, IVector<V, double>
    {
        QrKernel<V>.Run(inputs[0], outputs[0], outputs[1]);
        return true;
    }
}

/// <summary>The eigenvalues and, if there is a second output, the eigenvectors of a symmetric matrix.</summary>
internal readonly struct SymmetricEigenFunction : IMatrixFunction
{
    public static string Problem(MatrixBlock input)
    {
        for (int i = 0; i < input.Rows; i++)
            for (int j = 0; j <= i; j++)
                if (!double.IsFinite(input[i, j])) return SingularValuesFunction.NotFinite(input[i, j], i, j);
        return SingularValuesFunction.NotConverged;
    }

    public bool Run<V>(ReadOnlySpan<MatrixBlock> inputs, ReadOnlySpan<MatrixBlock> outputs)
        where V : struct, IVector<V, double> =>
        SymmetricEigenKernel<V>.Run(inputs[0], outputs[0], outputs.Length > 1 ? outputs[1] : default);
}

/// <summary>The singular values and, if there are three outputs, the U and Vᵀ of a matrix.</summary>
internal readonly struct SingularValuesFunction : IMatrixFunction
{
    public const string NotConverged = "is too ill-conditioned: the iteration does not converge";

    public static string Problem(MatrixBlock input)
    {
        for (int i = 0; i < input.Rows; i++)
            for (int j = 0; j < input.Columns; j++)
                if (!double.IsFinite(input[i, j])) return NotFinite(input[i, j], i, j);
        return NotConverged;
    }

    public bool Run<V>(ReadOnlySpan<MatrixBlock> inputs, ReadOnlySpan<MatrixBlock> outputs)
        where V : struct, IVector<V, double> =>
        outputs.Length > 1 ? SingularValuesKernel<V>.Run(inputs[0], outputs[1], outputs[0], outputs[2])
        : SingularValuesKernel<V>.Run(inputs[0], default, outputs[0], default);

    public static string NotFinite(double element, int row, int column) =>
        FormattableString.Invariant($"contains {element} at [{row}, {column}]; only finite matrices can be decomposed");
}
