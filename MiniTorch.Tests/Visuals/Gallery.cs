using MiniTorch.Nn;
using MiniTorch.Pictures;

namespace MiniTorch.Tests.Visuals;

/// <summary>The pictures of docs/how-to/pictures: of numbers that are the same on every machine.</summary>
internal static class Gallery
{
    public static Tensor Confusion { get; } =
        Tensor.From(new long[,] { { 91, 7, 1, 0, 1 }, { 12, 84, 4, 0, 0 }, { 2, 5, 93, 0, 0 }, { 0, 0, 0, 97, 3 }, { 0, 1, 0, 8, 91 } });

    public static IReadOnlyList<(string File, Func<string> Draw)> All { get; } =
    [
        ("curves.svg", Curves),
        ("confusion.svg", () => Picture.ConfusionMatrix(Confusion, ["cat", "dog", "horse", "ship", "truck"])),
        ("boundary.svg", Boundary),
        ("weights.svg", Weights),
        ("gradients.svg", () => Picture.GradientFlow(DeepModel())),
    ];

    private static string Curves()
    {
        var noise = new NumpyRandom(0);
        double[] train = [.. noise.RandN(600).Select((z, i) => (0.08 + (2.2 / (1 + (i / 25.0)))) * (1 + (0.15 * z)))];
        double[] steps = [.. Enumerable.Range(1, 12).Select(epoch => 50.0 * epoch)],
            validation = [.. steps.Select(step => 0.14 + (2.2 / (1 + (step / 25))))];
        return Picture.Curves([new("train", train), new("validation", validation) { Steps = steps }],
            new CurveOptions { Title = "Loss of a run", YLabel = "cross-entropy", LogScale = true, Smoothing = 0.9 });
    }

    // Two spiral arms; the score is the arm's angle at a point's radius.
    private static string Boundary()
    {
        int count = 200;
        var random = new NumpyRandom(1);
        double[] places = new double[2 * count], noise = random.RandN(2 * count);
        for (int i = 0; i < count; i++)
        {
            double radius = 0.15 + (0.85 * (i / 2) / (count / 2)), angle = (radius * 3 * Math.PI) + (i % 2 * Math.PI);
            places[2 * i] = (radius * Math.Cos(angle)) + (0.03 * noise[2 * i]);
            places[(2 * i) + 1] = (radius * Math.Sin(angle)) + (0.03 * noise[(2 * i) + 1]);
        }
        return Picture.DecisionBoundary(
            points =>
            {
                (Tensor x, Tensor y) = (points[.., 0], points[.., 1]);
                Tensor radius = (x * x + y * y).Sqrt();
                return -4 * (y.Atan2(x) - radius * (3 * Math.PI)).Cos();
            },
            Tensor.From(places, [count, 2]), Tensor.Arange(count).Remainder(2), "Two spirals");
    }

    private static string Weights()
    {
        // Edge detectors at eight angles, as a first layer of a convolutional network learns them.
        var filters = new double[8, 7, 7];
        for (int filter = 0; filter < 8; filter++)
            for (int i = 0; i < 49; i++)
            {
                (double y, double x, double angle) = ((i / 7) - 3, (i % 7) - 3, filter * Math.PI / 8);
                filters[filter, i / 7, i % 7] = Math.Sin(1.2 * ((x * Math.Cos(angle)) + (y * Math.Sin(angle)))) * Math.Exp(-((x * x) + (y * y)) / 8);
            }
        return Picture.Weights(Tensor.From(filters), title: "Filters of a first convolution");
    }

    /// <summary>Eight saturated layers, whose gradients vanish, after a backward pass; one parameter has none.</summary>
    public static Module DeepModel()
    {
        Generator.ManualSeed(0);
        var layers = new List<Module>();
        for (int i = 0; i < 5; i++) layers.AddRange([new Linear(16, 16), new Sigmoid()]);
        layers.Add(new Linear(16, 3));
        var model = new Sequential([.. layers.Cast<Module<Tensor, Tensor>>()]);
        model.To(DType.Float64);
        model.NamedParameters()[^1].Value.RequiresGrad = false;
        new CrossEntropyLoss().Call(model.Call(Tensor.Randn([32, 16], new Generator(1), DType.Float64)), Tensor.Arange(32).Remainder(3)).Backward();
        return model;
    }
}
