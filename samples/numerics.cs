#:project ../MiniTorch.Nn/MiniTorch.Nn.csproj
// Formulas that are right on paper and lose their digits in Float32, what the numerical check says about them, and what to write instead.
#pragma warning disable MT0008, MT0010, MT0011 // the formulas are wrong on purpose
using MiniTorch;
using MiniTorch.Nn;

// 1 + x rounds to the nearest number of 24 bits: of 1e-6 little more than one digit is left.
Show("log(1 + x)", NumericCheck.Run(x => (1 + x).Log(), Tensor.From([1e-6f, 0.5f])));
Show("the rewrite", NumericCheck.Run(x => x.Log1p(), Tensor.From([1e-6f, 0.5f])));

// Both means are near 10⁶, and the variance is near 1.
Tensor data = Tensor.Randn([100], new Generator(0)) + 1000;
Show("E[x²] − E[x]²", NumericCheck.Run(x => x.Square().Mean() - x.Mean().Square(), data));

// A difference of inputs is exact, and the tangent near its pole is ill-conditioned: no formula does better, and none is blamed.
Show("an ill-conditioned function", NumericCheck.Run(x => x.Tan(), Tensor.From([1.57079f])));

// In a model the module and the line are named. A probability underflows, and its logarithm is −∞.
var model = new Sequential(new Linear(4, 3, generator: new Generator(1)), new LogProbabilities());
Show("a model", NumericCheck.RunModule(model, [400 * Tensor.Randn([2, 4], new Generator(3))],
    output => Functional.NLLLoss(output, new long[] { 0, 2 })));

static void Show(string title, NumericCheckReport report) => Console.WriteLine($"--- {title}\n{report}\n");

sealed class LogProbabilities : Module<Tensor, Tensor>
{
    protected override Tensor Forward(Tensor input) => input.Softmax(1).Log();
}
