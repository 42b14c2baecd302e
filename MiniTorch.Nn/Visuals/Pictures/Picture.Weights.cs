using System.Text;

namespace MiniTorch.Pictures;

public static partial class Picture
{
    private const int MostTiles = 144, MostPixels = 64, WeightLevels = 16;

    /// <summary>
    /// Draws weights as a grid of small images: positive weights are red, negative ones blue, larger ones stronger; NaN and infinity are yellow.
    /// </summary>
    /// <param name="weight">
    /// (N, H, W): N images; (O, I, H, W): a row of I images for each of O filters; (N, F): one image, or N images if <paramref name="tile"/> is
    /// given; fewer dimensions: one image.
    /// </param>
    /// <param name="tile">The image size (H, W) of each row of a matrix: <c>Picture.Weights(fc1.Weight, tile: [8, 8])</c>.</param>
    /// <param name="title">The heading.</param>
    /// <remarks>At most 144 images of at most 64 × 64 cells are drawn; larger images are averaged over blocks.</remarks>
    /// <exception cref="ShapeException">The weight has more than four dimensions, or its rows do not fit <paramref name="tile"/>.</exception>
    public static string Weights(Tensor weight, Shape? tile = null, string title = "Weights")
    {
        (Tensor images, int across) = Tiles(weight.Detach(), tile);
        int count = images.Shape[0], shown = Math.Min(count, MostTiles);
        if (across > shown || across * 2 > MostTiles) across = Across(shown);
        across = Math.Max(1, across);
        double[][] tiles = [.. Enumerable.Range(0, shown).Select(i => images[i].ToArray<double>())];
        double largest = tiles.SelectMany(values => values).Where(double.IsFinite).Select(Math.Abs).DefaultIfEmpty(0).Max();
        (int rows, int columns) = (images.Shape[1], images.Shape[2]);
        (int down, int wide) = (Math.Max(1, IntegerMath.CeilDiv(rows, MostPixels)), Math.Max(1, IntegerMath.CeilDiv(columns, MostPixels)));
        (int height, int width) = (IntegerMath.CeilDiv(rows, down), IntegerMath.CeilDiv(columns, wide));
        double pixel = Math.Clamp(640.0 / across / Math.Max(1, width), 1.5, shown == 1 ? 16 : 8), gap = Math.Max(3, pixel / 2);
        const double Left = 16, Top = 36;
        int lines = IntegerMath.CeilDiv(shown, across);
        string about = count == 0 || images.ElementCount == 0 ? "empty"
            : $"{(shown < count ? $"the first {shown} of {count}" : $"{count}")} of {rows} × {columns}";
        double body = lines * ((height * pixel) + gap),
            total = Math.Max((2 * (Left + Svg.WidthOf(Svg.Label(-largest)))) + 160 + Svg.WidthOf(about),
                (across * ((width * pixel) + gap)) + (2 * Left));
        var svg = new Svg(total, Top + body + 44, title, $"Images of {weight.Shape}: {about}; the largest size is {Svg.Label(largest)}.");
        for (int i = 0; i < shown && images.ElementCount > 0; i++)
        {
            double x = Left + (i % across * ((width * pixel) + gap)), y = Top + (i / across * ((height * pixel) + gap));
            foreach ((string style, int level, string path) in Cells(tiles[i], columns, down, wide, largest, x, y, pixel))
                svg.Path(path, $"class=\"{style}\" fill-opacity=\"{Svg.Number((double)level / WeightLevels)}\"");
            svg.Rectangle(x, y, width * pixel, height * pixel, Svg.Class("grid"));
        }
        Scale(svg, Left, Top + body + 12, largest, about);
        return svg.ToString();
    }

    private static (Tensor Images, int Across) Tiles(Tensor weight, Shape? tile)
    {
        if (tile is not null)
        {
            if (weight.Rank != 2 || tile.Rank != 2 || tile.ElementCount != weight.Shape[1])
                throw new ShapeException($"Weights: rows of shape {weight.Shape} are not images of {tile}; a matrix (N, H·W) and a tile (H, W) "
                    + "are needed");
            return (weight.Reshape(weight.Shape[0], tile[0], tile[1]), Across(weight.Shape[0]));
        }
        return weight.Rank switch
        {
            <= 1 => (weight.Reshape(1, 1, (int)weight.ElementCount), 1),
            2 => (weight.Unsqueeze(0), 1),
            3 => (weight, Across(weight.Shape[0])),
            4 => (weight.Reshape(weight.Shape[0] * weight.Shape[1], weight.Shape[2], weight.Shape[3]), weight.Shape[1] > 1 ? weight.Shape[1]
                : Across(weight.Shape[0])),
            _ => throw new ShapeException($"Weights: shape {weight.Shape} has more than four dimensions; index or reshape it first"),
        };
    }

    /// <summary>Returns the number of columns of an even, nearly square grid.</summary>
    private static int Across(int count)
    {
        int root = (int)Math.Ceiling(Math.Sqrt(count));
        return Enumerable.Range(root, root / 2 + 1).FirstOrDefault(columns => columns > 0 && count % columns == 0, root);
    }

    /// <summary>Returns the cells of one colour and strength as one path; a cell is the mean of its block.</summary>
    private static IEnumerable<(string Style, int Level, string Path)> Cells(double[] values, int columns, int down, int wide, double largest,
        double left, double top, double pixel)
    {
        int rows = values.Length / columns;
        var paths = new SortedDictionary<(string, int), StringBuilder>();
        for (int row = 0; row < rows; row += down)
            for (int column = 0; column < columns; column += wide)
            {
                double sum = 0;
                (int lastRow, int lastColumn) = (Math.Min(rows, row + down), Math.Min(columns, column + wide));
                for (int i = row; i < lastRow; i++)
                    for (int j = column; j < lastColumn; j++) sum += values[(i * columns) + j];
                double mean = sum / ((lastRow - row) * (lastColumn - column));
                int level = largest > 0 ? (int)Math.Round(Math.Abs(mean) / largest * WeightLevels) : 0;
                (string, int) kind = !double.IsFinite(mean) ? ("odd", WeightLevels) : (mean > 0 ? "plus" : "minus", level);
                if (kind.Item2 == 0) continue;
                if (!paths.TryGetValue(kind, out StringBuilder? path)) paths[kind] = path = new();
                path.Append('M').Append(Svg.Number(left + (column / wide * pixel))).Append(' ').Append(Svg.Number(top + (row / down * pixel)))
                    .Append('h').Append(Svg.Number(pixel)).Append('v').Append(Svg.Number(pixel)).Append('h').Append(Svg.Number(-pixel)).Append('z');
            }
        return paths.Select(path => (path.Key.Item1, path.Key.Item2, path.Value.ToString()));
    }

    private static void Scale(Svg svg, double left, double top, double largest, string about)
    {
        string most = Svg.Label(largest);
        double at = left + Svg.WidthOf("−" + most) + 6;
        svg.Text(left, top + 11, Svg.Label(-largest), style: "soft");
        for (int i = -4; i <= 4; i++)
            svg.Rectangle(at + ((i + 4) * 14), top, 14, 14,
                $"class=\"{(i > 0 ? "plus" : "minus")}\" fill-opacity=\"{Svg.Number(Math.Abs(i) / 4.0)}\"");
        svg.Text(at + 132, top + 11, most, style: "soft");
        svg.Text(at + 148 + Svg.WidthOf(most), top + 11, about, style: "soft");
    }
}
