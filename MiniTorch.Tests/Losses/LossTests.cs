using System.Text.RegularExpressions;
using MiniTorch.Tests.Modules;

namespace MiniTorch.Tests.Losses;

/// <summary>Every check of every row of <see cref="LossSamples"/>.</summary>
[TestFixture]
public sealed partial class LossTests
{
    private static IEnumerable<TestCaseData> Each<T>(Func<LossRow, IEnumerable<T>> items, Func<T, string> name) =>
        LossSamples.All.SelectMany(items).Select(item => new TestCaseData(item).SetArgDisplayNames(name(item)));

    private static IEnumerable<TestCaseData> Cases => Each(row => row.Cases, item => item.Name);

    private static IEnumerable<TestCaseData> Edges => Each(row => row.Edges, item => item.Name);

    private static IEnumerable<TestCaseData> Ignoring => Each(row => row.Ignoring, item => item.Name);

    private static IEnumerable<TestCaseData> ModuleRows => Each(row => row.Samples.Count > 0 ? [row] : (LossRow[])[], row => row.Name);

    private static IEnumerable<TestCaseData> Misuses => Each(row => row.Misuses, item => item.Message);

    private static IEnumerable<TestCaseData> Shapes =>
        from shapes in LossSamples.All.SelectMany(row => row.Shapes)
        from reduction in new[] { Reduction.None, Reduction.Mean, Reduction.Sum }
        select new TestCaseData(shapes, reduction).SetArgDisplayNames(shapes.Name, $"{reduction}");

    [TestCaseSource(nameof(Cases))]
    public void A_loss_has_right_derivatives_to_second_order(LossCase loss) =>
        GradCheck.Run(loss.Function, Tensor.Randn([4, 4], new Generator(1), DType.Float64), new GradCheckOptions { Order = 2 }).ThrowIfFailed();

    [TestCaseSource(nameof(Cases))]
    public void A_module_is_its_function(LossCase loss)
    {
        Tensor x = Tensor.Randn([4, 4], new Generator(1), DType.Float64);
        loss.Module(x).Item<double>().ShouldBe(loss.Function(x).Item<double>());
    }

    [TestCaseSource(nameof(Shapes))]
    public void A_module_takes_the_shapes_of_its_function_and_gives_its_values(LossShapes loss, Reduction reduction)
    {
        (Tensor got, Tensor want) = (loss.Module(reduction), loss.Function(reduction));
        got.Shape.ShouldBe(want.Shape);
        got.ToArray<double>().ShouldBe(want.ToArray<double>());
        if (reduction != Reduction.None) got.Rank.ShouldBe(0);
    }

    [TestCaseSource(nameof(Edges))]
    public void At_an_edge_case_a_loss_and_its_gradient_are_what_the_documentation_says(LossEdge edge)
    {
        Tensor x = Tensor.From(edge.At, requiresGrad: true), losses = edge.Loss(x);
        losses.Sum().Backward();
        Check(losses, edge.Losses);
        Check(x.Grad!, edge.Gradient);

        static void Check(Tensor got, double[] want)
        {
            double[] values = got.ToArray<double>();
            values.Length.ShouldBe(want.Length);
            for (int i = 0; i < want.Length; i++)
                if (!want[i].Equals(values[i])) values[i].ShouldBe(want[i], 1e-15);
        }
    }

    [TestCaseSource(nameof(Ignoring))]
    public void An_ignored_row_with_NaN_and_infinities_has_no_loss_and_zero_gradient(IgnoringLoss loss)
    {
        Tensor dirty = Tensor.From(new[,] { { 1, -2, 0.5 }, { double.NaN, 1, double.PositiveInfinity }, { 0, 3, 1 },
            { double.NegativeInfinity, double.NegativeInfinity, double.NegativeInfinity } }, requiresGrad: true);
        Tensor clean = Tensor.From(new[,] { { 1, -2, 0.5 }, { 4, 5, 6 }, { 0, 3, 1 }, { 7, 8, 9 } }, requiresGrad: true);
        (Tensor got, Tensor want) = (loss.Loss(dirty), loss.Loss(clean));
        got.Item<double>().ShouldBe(want.Item<double>());
        double.IsFinite(want.Item<double>()).ShouldBeTrue();
        got.Backward();
        want.Backward();
        dirty.Grad!.ToArray<double>().ShouldBe(clean.Grad!.ToArray<double>());
        dirty.Grad![1].ToArray<double>().ShouldBe([0, 0, 0]);
    }

    [TestCaseSource(nameof(ModuleRows))]
    public void An_error_names_the_loss_and_no_other(LossRow row)
    {
        var errors = new List<MiniTorchException>();
        foreach (ModuleSample sample in row.Samples)
            for (int i = 0; i < sample.Inputs.Length; i++)
                foreach (Tensor wrong in Wrong(sample.Inputs[i]))
                {
                    Tensor[] inputs = [.. sample.Inputs];
                    inputs[i] = wrong;
                    try
                    {
                        sample.Model.CallAny([.. inputs]);
                    }
                    catch (MiniTorchException error)
                    {
                        errors.Add(error);
                    }
                }
        errors.ShouldNotBeEmpty();
        foreach (MiniTorchException error in errors)
        {
            string path = error.ModulePath == row.Name ? "" : $"{error.ModulePath}: ";
            error.Message.ShouldMatch($"^{Regex.Escape(path)}{row.Name}: (?!\\w+: )");
        }

        static Tensor[] Wrong(Tensor x) =>
        [
            x.To(DType.Int64), x.To(DType.Bool), x.To(DType.Float32), x.To(DType.Float64), Tensor.Full([], 1, x.DType), x.Unsqueeze(0),
                Tensor.Cat([x, x], 0),
            Tensor.Full(x.Shape, 77, x.DType), Tensor.Full(x.Shape, -7, x.DType), Tensor.Ones([3, 7, 5], x.DType),
        ];
    }

    [TestCaseSource(nameof(Misuses))]
    public void Misuse_is_answered_with_the_shapes_and_the_way_out(Misuse misuse) => misuse.ShouldBeAnswered();
}
