#:project ../../MiniTorch.Nn/MiniTorch.Nn.csproj
using MiniTorch;
using MiniTorch.Nn;

Tensor logits = Tensor.Randn([3, 3], new Generator(0));
Tensor targets = [0, 2, 1];

var detached = new DetachedFocalLoss(gamma: 2);
Console.WriteLine(GradCheck.Run(z => detached.Call(z, targets), logits));

Console.WriteLine(GradCheck.Run(t => new BadSquare().Apply(t.Tanh()).Sum(), logits));

var model = new Sequential(new Linear(3, 3), new Dropout(0.5));
Console.WriteLine(GradCheck.RunModule(model, [logits]).Verdict);
model.Eval();
Console.WriteLine(GradCheck.RunModule(model, [logits]).Verdict);

sealed class DetachedFocalLoss(double gamma) : Module<Tensor, Tensor, Tensor>
{
    protected override Tensor Forward(Tensor logits, Tensor targets)
    {
        Tensor logP = logits.LogSoftmax(1).Gather(1, targets.Unsqueeze(1));
        Tensor p = logP.Exp().Detach();
        return ((1 - p).Pow(gamma) * -logP).Mean();
    }
}

sealed record BadSquare : Op
{
    protected override Reads Reads => Reads.Input0;                             // the rule below reads the input

    protected override Tensor Compute(ReadOnlySpan<Tensor> inputs) => inputs[0].Detach().Pow(2);

    protected override void Vjp(OpContext call, Tensor cotangent, Span<Tensor?> gradients) => gradients[0] = cotangent * call.Input(0);

    protected override Tensor? Jvp(OpContext call, ReadOnlySpan<Tensor?> tangents) => tangents[0]! * call.Input(0);
}
