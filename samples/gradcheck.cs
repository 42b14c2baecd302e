#:project ../MiniTorch.Nn/MiniTorch.Nn.csproj
// A tour of gradient checks: right functions, and what the check says about wrong ones. Draws the errors of a wrong rule as gradcheck.svg.
// The page docs/learn/09-break-it.md explains how to read a report.
using MiniTorch;
using MiniTorch.Nn;
using MiniTorch.Pictures;

var rng = new Generator(0);
Tensor x = Tensor.Randn([3, 4], rng);
Tensor weight = Tensor.Randn([4, 2], rng);

// A right gradient, checked to second order by every element of both inputs.
Show("a right function", GradCheck.Run(v => v[0].MatMul(v[1]).Tanh(), [x, weight], new GradCheckOptions { Order = 2 }));

// A rule that lost a factor: the ratio of the two gradients gives it away, and the op is blamed with the line that calls it.
GradCheckReport wrong = GradCheck.Run(t => new BadSquare().Apply(t.Sigmoid()).Sum(), x);
Show("a rule without its factor 2", wrong);
File.WriteAllText("gradcheck.svg", wrong.ToSvg());

// A rule that is right by itself, and cannot be differentiated again.
Show("a rule that cuts the second derivative", GradCheck.Run(t => new CutSquare().Apply(t), x, new GradCheckOptions { Order = 2 }));

// No op is wrong here: a Detach hides half of the product.
Show("half of a product is detached", GradCheck.Run(t => (t * t.Detach()).Sum(), x));

// At 0 a rectifier has a left and a right slope. Its 0 is as good as its 1: a subgradient, accepted by option.
Show("a kink", GradCheck.Run(t => t.Relu(), Tensor.Zeros([2])));
Show("a kink, accepted", GradCheck.Run(t => t.Relu(), Tensor.Zeros([2]), new GradCheckOptions { AcceptKinks = true }));

// Dropout draws a new mask in each call, until the model is put into evaluation mode.
var model = new Sequential(new Linear(4, 8, generator: rng), new Tanh(), new Dropout(0.5), new Linear(8, 2, generator: rng));
Show("dropout in training mode", GradCheck.RunModule(model, [x]));
model.Eval();
Show("the same in evaluation mode", GradCheck.RunModule(model, [x]));

// A loss against its closed form: softmax − onehot, over the number of rows.
Tensor targets = [1, 0, 3];
Show("cross entropy against softmax − onehot",
    GradCheck.Against(t => Functional.CrossEntropy(t, targets), t => (t.Softmax(1) - Tensor.Eye(4)[targets]) / 3, x));

static void Show(string title, GradCheckReport report) => Console.WriteLine($"--- {title}\n{report}\n");

// The derivative of x² is 2x.
sealed record BadSquare : Op
{
    protected override Reads Reads => Reads.Input0;

    protected override Tensor Compute(ReadOnlySpan<Tensor> inputs) => inputs[0].Detach().Pow(2);

    protected override void Vjp(OpContext call, Tensor cotangent, Span<Tensor?> gradients) => gradients[0] = cotangent * call.Input(0);

    protected override Tensor? Jvp(OpContext call, ReadOnlySpan<Tensor?> tangents) => tangents[0]! * call.Input(0);
}

// Right, but the detached input does not tell how the gradient changes with it.
sealed record CutSquare : Op
{
    protected override Reads Reads => Reads.Input0;

    protected override Tensor Compute(ReadOnlySpan<Tensor> inputs) => inputs[0].Detach().Pow(2);

    protected override void Vjp(OpContext call, Tensor cotangent, Span<Tensor?> gradients) => gradients[0] = 2 * cotangent * call.Input(0).Detach();

    protected override Tensor? Jvp(OpContext call, ReadOnlySpan<Tensor?> tangents) => 2 * tangents[0]! * call.Input(0);
}
