#:project ../MiniTorch.Nn/MiniTorch.Nn.csproj
// A module with a differentiable operation of your own inside, both checked against finite differences.
using MiniTorch;
using MiniTorch.Nn;

Generator.ManualSeed(0);
var model = new Scaled(inputs: 4, outputs: 3);
foreach (var (name, parameter) in model.NamedParameters()) Console.WriteLine($"{name}: {parameter.Shape}");
Tensor x = Tensor.Randn([2, 4]);
Console.WriteLine(model.Call(x));

Console.WriteLine(GradCheck.Run(t => SoftCube.Of(t).Sum(), x, new GradCheckOptions { Order = 2 }));
Console.WriteLine(GradCheck.RunModule(model, [x]));

// y = scale * softcube(W x + b). Layers and parameters are found in the fields; their names are PyTorch's.
sealed class Scaled(int inputs, int outputs) : Module<Tensor, Tensor>
{
    private readonly Linear _linear = new(inputs, outputs);
    private readonly Parameter _scale = new(Tensor.Ones([outputs]));

    protected override Tensor Forward(Tensor x) => _scale * SoftCube.Of(_linear.Call(x));
}

// x³ / (1 + x²): the value and its derivative once, in arithmetic that runs on vectors and on tensors, so that higher derivatives follow.
readonly record struct SoftCube : IUnaryFunction
{
    public static Reads Reads => Reads.Input0;

    public static Tensor Of(Tensor x) => new UnaryOp<SoftCube>(default).Apply(x);

    public R Forward<R>(R x) where R : struct, IReal<R> => x * x * x / (1 + x * x);

    public R Backward<R>(R g, R x, R y) where R : struct, IReal<R> => g * (x * x * (3 + x * x)) / ((1 + x * x) * (1 + x * x));
}
