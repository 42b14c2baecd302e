namespace MiniTorch.Nn;

/// <summary>The values of a summary (tensorflow/core/framework/summary.proto).</summary>
internal static class EventValue
{
    private const int Bins = 30, StringType = 7;

    public static ProtoMessage Scalar(string tag, double value) => new ProtoMessage().Text(1, tag).Single(2, (float)value);

    /// <summary>A text, which TensorBoard shows as Markdown.</summary>
    public static ProtoMessage Text(string tag, string text)
    {
        ProtoMessage metadata = new ProtoMessage().Message(1, new ProtoMessage().Text(1, "text"));
        ProtoMessage shape = new ProtoMessage().Message(2, new ProtoMessage().Integer(1, 1));
        ProtoMessage tensor = new ProtoMessage().Integer(1, StringType).Message(2, shape).Text(8, text);
        return new ProtoMessage().Text(1, tag).Message(8, tensor).Message(9, metadata);
    }

    /// <summary>An image with the bytes of a PNG file.</summary>
    public static ProtoMessage Image(string tag, Tensor image, byte[] png)
    {
        int channels = image.Rank == 2 ? 1 : image.Shape[0];
        return new ProtoMessage().Text(1, tag)
            .Message(4, new ProtoMessage().Integer(1, image.Shape[^2]).Integer(2, image.Shape[^1]).Integer(3, channels).Data(4, png));
    }

    /// <summary>A histogram of the finite elements, in 30 bins of equal width.</summary>
    public static ProtoMessage Histogram(string tag, double[] values)
    {
        double[] finite = [.. values.Where(double.IsFinite)];
        (double min, double max) = finite.Length == 0 ? (0, 0) : (finite.Min(), finite.Max());
        double width = (max - min) / Bins;
        var limits = new double[Bins];
        var counts = new double[Bins];
        for (int i = 0; i < Bins; i++) limits[i] = i == Bins - 1 ? max : min + (width * (i + 1));
        foreach (double value in finite) counts[width > 0 ? Math.Min((int)((value - min) / width), Bins - 1) : Bins - 1]++;
        ProtoMessage histogram = new ProtoMessage().Real(1, min).Real(2, max).Real(3, finite.Length).Real(4, finite.Sum())
            .Real(5, finite.Sum(value => value * value)).Reals(6, limits).Reals(7, counts);
        return new ProtoMessage().Text(1, tag).Message(5, histogram);
    }
}
