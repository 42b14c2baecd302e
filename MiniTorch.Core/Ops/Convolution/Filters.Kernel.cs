using System.Numerics;

namespace MiniTorch.Kernels;

/// <summary>
/// The filters of a convolution, or of the convolution that gives the gradient of its input: elements (group, filter, channel, y, x) lie this far
/// apart from <paramref name="origin"/>.
/// </summary>
internal readonly unsafe struct Filters<T>(T* origin, long group, long filter, long channel, long y, long x)
    where T : unmanaged, IBinaryNumber<T>
{
    /// <summary>The filters of <paramref name="shape"/> as they lie in memory.</summary>
    public static Filters<T> Plain(in ConvolutionShape shape, T* w) =>
        new(w, shape.Filters * shape.PatchSize, shape.PatchSize, shape.Y.Kernel * shape.X.Kernel, shape.X.Kernel, 1);

    /// <summary>Channels and filters exchanged, and of each filter the elements of a phase from the last to the first.</summary>
    public static Filters<T> Turned(in ConvolutionShape shape, T* w, in ConvolutionPhase y, in ConvolutionPhase x)
    {
        long width = shape.X.Kernel, lastY = y.Element + (y.Axis.Kernel - 1) * y.Step, lastX = x.Element + (x.Axis.Kernel - 1) * x.Step;
        return new(w + lastY * width + lastX, shape.Filters * shape.PatchSize, shape.Y.Kernel * width, shape.PatchSize, -y.Step * width, -x.Step);
    }

    /// <summary>Copies the elements of the filters of a group as rows of (channel, y, x), one for each filter.</summary>
    public void CopyRows(in ConvolutionShape shape, long index, T* rows)
    {
        for (long f = 0; f < shape.Filters; f++)
            for (long c = 0; c < shape.Channels; c++)
                for (long i = 0; i < shape.Y.Kernel; i++)
                    for (long j = 0; j < shape.X.Kernel; j++) *rows++ = origin[index * group + f * filter + c * channel + i * y + j * x];
    }

    /// <summary>
    /// Copies <paramref name="count"/> filters of a group from <paramref name="first"/> on as columns of rows (channel, y, x), which are <paramref
    /// name="row"/> elements apart.
    /// </summary>
    public void CopyColumns<V>(in ConvolutionShape shape, long index, long first, long count, T* columns, long row)
        where V : struct, IVector<V, T>
    {
        T* source = origin + index * group + first * filter;
        if (x == 1 && y == shape.X.Kernel && channel == y * shape.Y.Kernel)
        {
            MatMulPack<T, V>.Copy(shape.PatchSize, count, source, 1, filter, columns, row);
            return;
        }
        for (long c = 0; c < shape.Channels; c++)
            for (long i = 0; i < shape.Y.Kernel; i++, columns += shape.X.Kernel * row)
                MatMulPack<T, V>.Copy(shape.X.Kernel, count, source + c * channel + i * y, x, filter, columns, row);
    }
}
