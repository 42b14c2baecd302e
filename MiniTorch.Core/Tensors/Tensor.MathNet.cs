using MathNet.Numerics.LinearAlgebra;

namespace MiniTorch;

// Conversions to and from Math.NET Numerics; all of them copy.
public partial class Tensor
{
    /// <summary>Copies a Math.NET matrix to a tensor of shape [rows, columns] and the dtype of <typeparamref name="T"/>.</summary>
    public static Tensor From<T>(Matrix<T> matrix) where T : unmanaged, IEquatable<T>, IFormattable =>
        From((matrix ?? throw new ArgumentNullException(nameof(matrix))).ToRowMajorArray(), [matrix.RowCount, matrix.ColumnCount]);

    /// <summary>Copies a Math.NET vector to a tensor of shape [count] and the dtype of <typeparamref name="T"/>.</summary>
    public static Tensor From<T>(Vector<T> vector) where T : unmanaged, IEquatable<T>, IFormattable =>
        From((vector ?? throw new ArgumentNullException(nameof(vector))).ToArray());

    /// <summary>Copies a tensor of two dimensions to a Math.NET matrix of float or double, converted as <see cref="To"/> does.</summary>
    /// <exception cref="ShapeException">The tensor does not have two dimensions, or one of them has size 0, which Math.NET does not
    /// support.</exception>
    public Matrix<T> ToMatrix<T>() where T : unmanaged, IEquatable<T>, IFormattable =>
        Rank == 2 && ElementCount > 0 ? Matrix<T>.Build.DenseOfRowMajor(Shape[0], Shape[1], ToArray<T>())
        : throw new ShapeException($"ToMatrix: shape {Shape} must have two dimensions, neither of size 0");

    /// <summary>Copies a tensor of one dimension to a Math.NET vector of float or double, converted as <see cref="To"/> does.</summary>
    /// <exception cref="ShapeException">The tensor does not have one dimension, or it has size 0, which Math.NET does not support.</exception>
    public Vector<T> ToVector<T>() where T : unmanaged, IEquatable<T>, IFormattable =>
        Rank == 1 && ElementCount > 0 ? Vector<T>.Build.DenseOfArray(ToArray<T>())
        : throw new ShapeException($"ToVector: shape {Shape} must have one dimension, not of size 0");
}
