using System.Globalization;
using System.Xml.Linq;
using MiniTorch.Nn;
using MiniTorch.Pictures;

namespace MiniTorch.Tests.Visuals;

/// <summary>Every picture of ordinary, empty, huge and odd data is a well-formed SVG that says what it shows and keeps its texts inside.</summary>
public class PictureTests
{
    private const double NaN = double.NaN, Infinity = double.PositiveInfinity;
    private static readonly string LongName = string.Concat(Enumerable.Repeat("layers.encoder.", 12)) + "weight";
    private static readonly Tensor Odd = Tensor.From(new[,] { { NaN, Infinity }, { 1e300, -1e300 } });

    private static IEnumerable<TestCaseData> Drawings()
    {
        foreach ((string file, Func<string> draw) in Gallery.All) yield return Case(file, draw);
        yield return Case("no curves", () => Picture.Curves((IReadOnlyList<Curve>)[]));
        yield return Case("an empty curve", () => Picture.Curves([new("a", [])]));
        yield return Case("one value", () => Picture.Curves([3.5]));
        yield return Case("constant zero", () => Picture.Curves([0.0, 0, 0]));
        yield return Case("nothing finite", () => Picture.Curves([NaN, Infinity, -Infinity], new() { LogScale = true, Smoothing = 0.5 }));
        yield return Case("the whole range of doubles", () => Picture.Curves([-1.7e308, 1.7e308]));
        yield return Case("the whole range on a logarithmic scale", () => Picture.Curves([5e-324, 1.7e308], new() { LogScale = true }));
        yield return Case("odd steps", () => Picture.Curves([new("a", [1, 2, 3]) { Steps = [1, NaN, 1e300] }]));
        yield return Case("markup in names",
            () => Picture.Curves([new("<b>&\"\u0001\ud800", [1, 2])], new() { Title = "</svg><script>", XLabel = "𝛼 <", YLabel = "&" }));
        yield return Case("a small picture with many long names",
            () => Picture.Curves([.. Enumerable.Range(0, 12).Select(i => new Curve(LongName + i, [i, i + 1]))],
                new() { Width = 300, Height = 500, Title = LongName }));
        yield return Case("no classes", () => Picture.ConfusionMatrix(Tensor.Zeros([0, 0], DType.Int64)));
        yield return Case("nothing counted", () => Picture.ConfusionMatrix(Tensor.Zeros([2, 2], DType.Int64), ["", LongName]));
        yield return Case("odd counts", () => Picture.ConfusionMatrix(Odd, ["<a>", "日本語"]));
        yield return Case("a thousand classes", () => Picture.ConfusionMatrix(Tensor.Eye(1000)));
        yield return Case("no points", () => Picture.DecisionBoundary(x => x, Tensor.Zeros([0, 2]), Tensor.Zeros([0], DType.Int64)));
        yield return Case("odd points and scores", () => Picture.DecisionBoundary(x => x / 0, Odd, [-1, 5]));
        yield return Case("one score", () => Picture.DecisionBoundary(x => x[.., ..1], Tensor.Eye(2), [0, 1]));
        yield return Case("a scalar", () => Picture.Weights(3.0));
        yield return Case("no weights", () => Picture.Weights(Tensor.Zeros([0, 3, 3])));
        yield return Case("images of nothing", () => Picture.Weights(Tensor.Zeros([2, 0, 3])));
        yield return Case("odd weights", () => Picture.Weights(Odd, title: LongName));
        yield return Case("a large matrix", () => Picture.Weights(Tensor.Ones([1000, 700])));
        yield return Case("many filters", () => Picture.Weights(Tensor.Ones([64, 32, 3, 3])));
        yield return Case("rows as images", () => Picture.Weights(Tensor.Ones([5, 6]), [2, 3]));
        yield return Case("no parameters", () => Picture.GradientFlow(new ReLU()));
        yield return Case("odd gradients",
            () => Picture.GradientFlow([(LongName, Odd), ("none", null), ("zero", Tensor.Zeros([3])), ("empty", Tensor.Zeros([0])),
                ("<", Tensor.From(new[] { 0, 5e-324 }))]));

        static TestCaseData Case(string name, Func<string> draw) => new TestCaseData(draw).SetArgDisplayNames(name);
    }

    [TestCaseSource(nameof(Drawings))]
    public void Drawing_is_well_formed_and_keeps_its_texts_inside(Func<string> draw)
    {
        string text = draw();
        XElement svg = XDocument.Parse(text).Root!;
        svg.Name.LocalName.ShouldBe("svg");
        double[] box = [.. svg.Attribute("viewBox")!.Value.Split(' ').Select(Number)];
        svg.Attribute("role")!.Value.ShouldBe("img");
        svg.Elements().Single(element => element.Name.LocalName == "title").Value.ShouldNotBeEmpty();
        svg.Elements().Single(element => element.Name.LocalName == "desc").Value.ShouldNotBeEmpty();
        foreach (XElement element in svg.Descendants())
        {
            foreach (XAttribute attribute in element.Attributes()
                .Where(attribute => attribute.Name.LocalName is "x" or "y" or "cx" or "cy" or "width" or "height" or "x1" or "y1" or "x2" or "y2"))
                double.IsFinite(Number(attribute.Value)).ShouldBeTrue($"{element}");
            if (element.Attribute("d") is { } path) path.Value.ShouldNotContain("N", Case.Sensitive);
            if (element.Name.LocalName == "text") ShouldBeInside(element, box);
        }
        text.Length.ShouldBeLessThan(800_000);
    }

    [TestCaseSource(nameof(Drawings))]
    public void Drawing_is_the_same_in_every_culture(Func<string> draw)
    {
        CultureInfo culture = CultureInfo.CurrentCulture;
        string expected = draw();
        try
        {
            var other = (CultureInfo)CultureInfo.InvariantCulture.Clone();
            (other.NumberFormat.NumberDecimalSeparator, other.NumberFormat.NegativeSign) = (",", "~");
            CultureInfo.CurrentCulture = other;
            draw().ShouldBe(expected);
        }
        finally
        {
            CultureInfo.CurrentCulture = culture;
        }
    }

    [Test]
    public void A_hundred_thousand_steps_keep_their_extremes_in_a_small_file()
    {
        double[] values = new double[100_000];
        (values[12_345], values[54_321]) = (100, -50);
        string svg = Picture.Curves(values, new() { Width = 720 });
        svg.Length.ShouldBeLessThan(30_000);
        XElement path = XDocument.Parse(svg).Descendants().Single(element => element.Name.LocalName == "path");
        double[] heights = [.. path.Attribute("d")!.Value.Replace("h0", "", StringComparison.Ordinal)
            .Split(['M', 'L'], StringSplitOptions.RemoveEmptyEntries).Select(point => Number(point.Split(' ')[1]))];
        double zero = heights[0], up = zero - heights.Min(), down = heights.Max() - zero;
        (up / down).ShouldBe(2, 0.01);
    }

    [Test]
    public void Smoothing_is_a_moving_average_in_steps_without_a_bias_at_the_start()
    {
        new Curve("", [4, 4, 4]).Smoothed(0.9).ShouldBe([4, 4, 4], 1e-12);
        new Curve("", [0, NaN, 3]).Smoothed(0.5)[2].ShouldBe(3 * 0.75 / 0.875, 1e-12); // d = 2: past 0.25; 1 − 0.5³
        new Curve("", [0, 3]) { Steps = [1, 1001] }.Smoothed(0.9)[1].ShouldBe(3, 1e-12);
    }

    [Test]
    public void Values_without_a_place_are_counted_and_marked()
    {
        string svg = Picture.Curves([1.0, NaN, 0.5, 0, 0.25], new() { LogScale = true });
        svg.ShouldContain("2 values are not positive or not finite");
        XDocument.Parse(svg).Descendants().Count(element => element.Value == "×").ShouldBe(2);
    }

    [Test]
    public void A_confusion_matrix_says_accuracy_recall_and_the_worst_mistake()
    {
        string svg = Picture.ConfusionMatrix(Gallery.Confusion, ["cat", "dog", "horse", "ship", "truck"]);
        svg.ShouldContain("91.2 % of 500 right");
        svg.ShouldContain("Most often, 12 times, dog was taken for cat.");
        svg.ShouldContain("true dog, predicted cat: 12 (12 %)");
    }

    [Test]
    public void A_decision_boundary_colours_the_side_that_each_class_is_on()
    {
        string svg = Picture.DecisionBoundary(x => x[.., 0], Tensor.From(new[,] { { -1.0, 0 }, { 1, 0 } }), [0, 1], cells: 2);
        XElement[] regions = [.. XDocument.Parse(svg).Descendants().Where(element => element.Name.LocalName == "path")];
        regions.Select(region => region.Attribute("class")!.Value).ShouldBe(["s0", "s1"]);
        double[] starts = [.. regions.Select(region => Number(region.Attribute("d")!.Value[1..].Split(' ')[0]))];
        (starts[1] - starts[0]).ShouldBe(220, 0.01); // the second half of 440 pixels
    }

    [Test]
    public void Gradient_flow_says_what_a_histogram_cannot_show()
    {
        string svg = Picture.GradientFlow([("a", null), ("b", Tensor.Zeros([2])), ("c", Tensor.From(new[] { 0, 0.01, 0.1, NaN }))]);
        svg.ShouldContain("a: no gradient. b: all zero. c: median 1.0e−2, 25 % zero, 1 not finite.");
    }

    [Test]
    public void Misuse_names_what_does_not_fit()
    {
        Should.Throw<ValueException>(() => Picture.Curves([1.0], new() { Smoothing = 1 })).Message.ShouldContain("smoothing 1 is not in [0, 1)");
        Should.Throw<ValueException>(() => Picture.Curves([1.0], new() { Width = 100 })).Message.ShouldContain("100 × 400");
        Should.Throw<ValueException>(() => Picture.Curves([new("a", [1]) { Steps = [] }])).Message.ShouldContain("'a' has 1 values but 0 steps");
        Should.Throw<ShapeException>(() => Picture.ConfusionMatrix(Tensor.Zeros([2, 3]))).Message.ShouldContain("[2, 3]");
        Should.Throw<ShapeException>(() => Picture.ConfusionMatrix(Tensor.Zeros([2, 2]), ["a"])).Message.ShouldContain("1 names for 2 classes");
        Should.Throw<ShapeException>(() => Picture.DecisionBoundary(x => x, Tensor.Zeros([3, 3]), [0, 0, 0])).Message.ShouldContain("[3, 3]");
        Should.Throw<ShapeException>(() => Picture.DecisionBoundary(x => x.Sum(), Tensor.Zeros([1, 2]), [0])).Message.ShouldContain("shape []");
        Should.Throw<ShapeException>(() => Picture.Weights(Tensor.Zeros([2, 7]), [2, 3])).Message.ShouldContain("[2, 7]");
        Should.Throw<ShapeException>(() => Picture.Weights(Tensor.Zeros([1, 1, 1, 1, 1]))).Message.ShouldContain("more than four dimensions");
    }

    // A text's width is the writer's own estimate, which is meant to be generous.
    private static void ShouldBeInside(XElement text, double[] box)
    {
        double size = text.Attribute("font-size") is { } own ? Number(own.Value) : Svg.FontSize, width = Svg.WidthOf(text.Value, size);
        double before = text.Attribute("text-anchor")?.Value switch { "middle" => width / 2, "end" => width, _ => 0 };
        double x = Number(text.Attribute("x")!.Value), y = Number(text.Attribute("y")!.Value);
        bool isTurned = text.Attribute("transform") is not null;
        (double start, double end, double length) = isTurned ? (y + before - width, y + before, box[3]) : (x - before, x - before + width, box[2]);
        start.ShouldBeGreaterThanOrEqualTo(-1, $"{text}");
        end.ShouldBeLessThanOrEqualTo(length + 1, $"{text}");
        (isTurned ? x : y).ShouldBeInRange(size * 0.7, isTurned ? box[2] : box[3], $"{text}");
    }

    private static double Number(string text) => double.Parse(text, CultureInfo.InvariantCulture);
}
