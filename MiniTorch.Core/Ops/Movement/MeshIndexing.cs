namespace MiniTorch;

/// <summary>The dimensions along which <see cref="Tensor.MeshGrid(ReadOnlySpan{Tensor}, MeshIndexing)"/> lays its first two vectors.</summary>
public enum MeshIndexing
{
    /// <summary>The first vector along dimension 0 and the second along dimension 1: indices of a matrix.</summary>
    IJ,

    /// <summary>The first vector along dimension 1 and the second along dimension 0: coordinates x and y of a picture.</summary>
    XY,
}
