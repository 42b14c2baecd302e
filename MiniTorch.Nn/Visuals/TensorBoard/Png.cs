using System.Buffers.Binary;
using System.IO.Compression;
using System.Text;
using MiniTorch.IO;

namespace MiniTorch.Nn;

/// <summary>Encodes tensors as PNG images of 8 bits (www.w3.org/TR/png).</summary>
internal static class Png
{
    /// <summary>Encodes an image [height, width] or [channels, height, width] with 1, 3 or 4 channels.</summary>
    /// <param name="image">Real numbers from 0 (black) to 1; integers from 0 to 255; or truth values. Others are clamped, and NaN is 0.</param>
    /// <param name="op">The name in errors.</param>
    /// <exception cref="ShapeException">The shape is not that of an image.</exception>
    public static byte[] Encode(Tensor image, string op)
    {
        ArgumentNullException.ThrowIfNull(image);
        if (image.Rank is not (2 or 3) || image.ElementCount == 0 || (image.Rank == 3 && image.Shape[0] is not (1 or 3 or 4)))
            throw new ShapeException(
                $"{op}: an image has shape [height, width] or [channels, height, width] with 1, 3 or 4 channels, not {image.Shape}");
        using ModeScope mode = Autograd.NoGrad();
        (int channels, int height, int width) = (image.Rank == 2 ? 1 : image.Shape[0], image.Shape[^2], image.Shape[^1]);
        double scale = image.DType == DType.Int64 ? 1 : 255;
        double[] pixels = image.Detach().Reshape(channels, height, width).Permute(1, 2, 0).ToArray<double>();

        using var png = new MemoryStream();
        png.Write([0x89, (byte)'P', (byte)'N', (byte)'G', (byte)'\r', (byte)'\n', 0x1A, (byte)'\n']);
        var header = new byte[13];
        BinaryPrimitives.WriteInt32BigEndian(header, width);
        BinaryPrimitives.WriteInt32BigEndian(header.AsSpan(4), height);
        (header[8], header[9]) = (8, channels switch { 1 => 0, 3 => 2, _ => 6 }); // bits, and gray, RGB or RGBA
        Chunk(png, "IHDR", header);
        using var data = new MemoryStream();
        using (var packed = new ZLibStream(data, CompressionLevel.Optimal, leaveOpen: true))
            for (int row = 0; row < height; row++)
            {
                packed.WriteByte(0); // the row's filter: none
                foreach (double pixel in pixels.AsSpan(row * width * channels, width * channels)) packed.WriteByte(Byte(pixel * scale));
            }
        Chunk(png, "IDAT", data.ToArray());
        Chunk(png, "IEND", []);
        return png.ToArray();
    }

    private static byte Byte(double value) => double.IsNaN(value) ? (byte)0 : (byte)Math.Round(Math.Clamp(value, 0, 255));

    private static void Chunk(MemoryStream png, string name, ReadOnlySpan<byte> data)
    {
        Span<byte> number = stackalloc byte[4];
        BinaryPrimitives.WriteInt32BigEndian(number, data.Length);
        png.Write(number);
        byte[] type = Encoding.ASCII.GetBytes(name);
        png.Write(type);
        png.Write(data);
        BinaryPrimitives.WriteUInt32BigEndian(number, ~CheckedStream.Update(CheckedStream.Update(uint.MaxValue, type), data));
        png.Write(number);
    }
}
