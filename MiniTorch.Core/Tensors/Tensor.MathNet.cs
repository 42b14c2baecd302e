using MathNet.Numerics.LinearAlgebra;

namespace MiniTorch;

// Bridges to Math.NET Numerics. Both sides copy.
public partial class Tensor
{
    /// <summary>A matrix as a tensor [rows, columns] of its own dtype.</summary>
    public static Tensor From<T>(Matrix<T> matrix) where T : unmanaged, IEquatable<T>, IFormattable =>
        From((matrix ?? throw new ArgumentNullException(nameof(matrix))).ToRowMajorArray(), [matrix.RowCount, matrix.ColumnCount]);

    /// <summary>A vector as a tensor [count] of its own dtype.</summary>
    public static Tensor From<T>(Vector<T> vector) where T : unmanaged, IEquatable<T>, IFormattable =>
        From((vector ?? throw new ArgumentNullException(nameof(vector))).ToArray());

    /// <summary>A tensor of two dimensions as a matrix of float or double, converted as <see cref="To"/> does.</summary>
    /// <exception cref="ShapeException">There are not two dimensions, or one is empty, which Math.NET's matrices cannot be.</exception>
    public Matrix<T> ToMatrix<T>() where T : unmanaged, IEquatable<T>, IFormattable =>
        Rank == 2 && ElementCount > 0 ? Matrix<T>.Build.DenseOfRowMajor(Shape[0], Shape[1], ToArray<T>())
        : throw new ShapeException($"ToMatrix: shape {Shape} must have two dimensions, neither of size 0");

    /// <summary>A tensor of one dimension as a vector of float or double, converted as <see cref="To"/> does.</summary>
    /// <exception cref="ShapeException">There is not one dimension, or it is empty, which Math.NET's vectors cannot be.</exception>
    public Vector<T> ToVector<T>() where T : unmanaged, IEquatable<T>, IFormattable =>
        Rank == 1 && ElementCount > 0 ? Vector<T>.Build.DenseOfArray(ToArray<T>())
        : throw new ShapeException($"ToVector: shape {Shape} must have one dimension, not of size 0");
}
