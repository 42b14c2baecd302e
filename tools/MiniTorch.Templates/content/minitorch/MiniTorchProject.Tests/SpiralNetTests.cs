using MiniTorch;
using MiniTorch.Nn;

/// <summary>The gradients of the model are right, and it learns: worth checking before a long training.</summary>
public class SpiralNetTests
{
    private readonly Tensor _points = Tensor.Randn([5, 2], new Generator(0));
    private readonly Tensor _classes = Tensor.From(new long[] { 0, 1, 1, 0, 1 });

    [Test]
    public void Gradients_of_every_parameter_and_input_are_right()
    {
        Module model = new SpiralNet(hidden: 8).To(DType.Float64);
        GradCheckReport report = GradCheck.RunModule(model, [_points.To(DType.Float64)]);
        report.Passed.ShouldBeTrue(report.ToString());
    }

    [Test]
    public void Loss_of_a_few_points_goes_to_zero()
    {
        var model = new SpiralNet(hidden: 8);
        var optimizer = new MiniTorch.Optim.Adam(model.Parameters(), lr: 0.05);
        double last = 0;
        for (int step = 0; step < 200; step++)
        {
            optimizer.ZeroGrad();
            Tensor loss = Functional.CrossEntropy(model.Call(_points), _classes);
            loss.Backward();
            optimizer.Step();
            last = loss.Item<double>();
        }
        last.ShouldBeLessThan(0.05);
    }
}
