using MiniTorch.Nn;
using MiniTorch.Optim;
using static MiniTorch.Tests.Optim.OptimizerTests;

namespace MiniTorch.Tests.Optim;

/// <summary>Parameters and buffers whose dtype changes between steps.</summary>
public class OptimizerDTypeTests
{
    [Test]
    public void An_optimiser_outlives_a_change_of_dtype()
    {
        var layer = new Linear(2, 1);
        var optimizer = new Adam(layer.Parameters(), lr: 0.1);
        layer.Call(Tensor.Ones([1, 2])).Sum().Backward();
        optimizer.Step();
        layer.To(DType.Float64);
        optimizer.ZeroGrad();
        layer.Call(Tensor.Ones([1, 2], DType.Float64)).Sum().Backward();
        float before = layer.Weight.ToArray<float>()[0];
        optimizer.Step();
        layer.Weight.ToArray<float>()[0].ShouldBe(before - 0.1f, 1e-6f);
    }

    private static IEnumerable<TestCaseData> Kinds =>
        from kind in ((string Name, Func<IEnumerable<Tensor>, Optimizer> Make)[])
        [
            ("SGD", p => new SGD(p, lr: 0.1)), ("SGD with momentum", p => new SGD(p, lr: 0.1, momentum: 0.9)), ("Adam", p => new Adam(p, lr: 0.1)),
            ("Adam with amsgrad", p => new Adam(p, lr: 0.1, amsgrad: true)),
            ("AdamW", p => new AdamW(p, lr: 0.1)), ("Adamax", p => new Adamax(p, lr: 0.1)),
            ("NAdam", p => new NAdam(p, lr: 0.1)), ("RMSprop", p => new RMSprop(p, lr: 0.1, momentum: 0.9, centered: true)),
            ("Adagrad", p => new Adagrad(p, lr: 0.1)),
            ("Adadelta", p => new Adadelta(p, lr: 0.1)), ("LBFGS", p => new LBFGS(p, lr: 0.1)),
            ("RAdam", p => new RAdam(p, lr: 0.1)), ("Rprop", p => new Rprop(p)), ("ASGD", p => new ASGD(p, lr: 0.1, t0: 1)),
            ("Lion", p => new Lion(p)), ("Adafactor", p => new Adafactor(p)), ("Muon", p => new Muon(p, lr: 0.1)),
                ("AdamWScheduleFree", p => new AdamWScheduleFree(p)),
        ]
        select new TestCaseData(kind.Make).SetArgDisplayNames(kind.Name);

    // The gradient is that of what was computed before, in the new dtype: as if the conversion had come after the backward pass.
    [TestCaseSource(nameof(Kinds))]
    public void A_change_of_dtype_between_forward_and_backward_converts_the_gradient(Func<IEnumerable<Tensor>, Optimizer> make)
    {
        foreach ((DType from, DType to) in ((DType, DType)[])[(DType.Float32, DType.Float64), (DType.Float64, DType.Float32)])
            for (int at = 0; at < 3; at++)
            {
                Weights early = new(from, 40, 25), late = new(from, 40, 25);
                Optimizer one = make(early.Parameters()), other = make(late.Parameters());
                var average = new ModelAverage(early, decay: 0.5);
                for (int step = 0; step < 3; step++)
                {
                    Tensor first = early.Loss(), second = late.Loss();
                    one.ZeroGrad();
                    other.ZeroGrad();
                    if (step == at) early.To(to);
                    first.Backward();
                    second.Backward();
                    if (step == at) late.To(to);
                    early.Weight.Grad!.DType.ShouldBe(early.Weight.DType);
                    ClipGrad.Norm(early.Parameters(), 0.5);
                    ClipGrad.Norm(late.Parameters(), 0.5);
                    one.Step(one is LBFGS ? () => first : null);
                    other.Step(other is LBFGS ? () => second : null);
                    average.Update();
                    Agreement.ShouldBeSameBits(
                        [early.Weight, early.Weight.Grad!], [late.Weight, late.Weight.Grad!], $"{from} to {to} at step {at}, after {step}");
                }
            }
    }

    [Test]
    public void Grad_of_a_parameter_whose_dtype_has_changed_has_its_dtype()
    {
        var model = new Weights(DType.Float32);
        Tensor loss = model.Loss(), view = model.Weight[..2], used = (view * 3).Sum();
        model.To(DType.Float64);
        Tensor gradient = Autograd.Grad(loss, [model.Weight])[0];
        gradient.DType.ShouldBe(DType.Float64);
        gradient.ToArray<double>().ShouldBe(model.Weight.ToArray<double>().Select(w => 2 * w));
        used.Backward(); // a view of what the parameter was
        view.DType.ShouldBe(DType.Float32);
        model.Weight.Grad!.ToArray<double>().ShouldBe([3, 3, .. new double[model.Weight.ElementCount - 2]]);
        double[] before = model.Weight.ToArray<double>();
        using (Autograd.NoGrad()) view.ZeroInPlace();
        model.Weight.ToArray<double>().ShouldBe(before);
    }

    [Test]
    public void A_converted_buffer_stays_in_its_graph()
    {
        var model = new Weights(DType.Float32);
        Tensor state = model.State = model.Weight * 2;
        model.To(DType.Float64);
        state.DType.ShouldBe(DType.Float64);
        (state * state).Sum().Backward();
        model.Weight.Grad!.ToArray<double>().ShouldBe(model.Weight.ToArray<double>().Select(w => 8 * w));
    }

    // Adam's own state, swapped by a class that derives from it: the update is refused instead of reading beyond the end.
    [Test]
    public void A_state_of_another_dtype_or_shape_is_refused()
    {
        foreach (Tensor wrong in (Tensor[])[Tensor.Zeros([3]), Tensor.Zeros([2], DType.Float64)])
        {
            Parameter w = Weight(1, 2, 3);
            w.Pow(2).Sum().Backward();
            Should.Throw<DTypeException>(() => new Tampered(w, wrong).Step()).Message.ShouldContain(
                $"its gradient or a tensor of its state is {wrong.DType}, shape {wrong.Shape}");
            w.ToArray<double>().ShouldBe([1, 2, 3]);
        }
    }

    private sealed class Tampered(Parameter w, Tensor state) : Adam([w])
    {
        protected override void Update(ParameterGroup group, Tensor parameter, Tensor gradient, ParameterState remembered)
        {
            remembered.Tensors[1] = state;
            base.Update(group, parameter, gradient, remembered);
        }
    }

    private sealed class Weights(DType dtype, params int[] shape) : Module<Tensor, Tensor>
    {
        public Parameter Weight { get; } = new(Tensor.Randn(shape.Length > 0 ? shape : [1000], new Generator(1), dtype));

        [Buffer]
        public Tensor? State { get; set; }

        public Tensor Loss() => (Weight * Weight).Sum();

        protected override Tensor Forward(Tensor input) => input * Weight;
    }
}
