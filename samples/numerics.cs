#:project ../MiniTorch.Nn/MiniTorch.Nn.csproj
// Formulas that are right on paper and lose their digits in Float32, what the numerical check says about them, and what to write instead.
#pragma warning disable MT0008 // the formulas are wrong on purpose
using MiniTorch;
using MiniTorch.Nn;

// 1 + x rounds to the nearest number of 24 bits: of 1e-6 little more than one digit is left.
NumericCheckReport lost = Show("log(1 + x)", NumericCheck.Run(x => (1 + x).Log(), Tensor.From([1e-6f, 0.5f])));
NumericCheckReport kept = Show("the rewrite", NumericCheck.Run(x => x.Log1p(), Tensor.From([1e-6f, 0.5f])));

// Both means are near 10⁶, and the variance is near 1.
Tensor data = Tensor.Randn([100], new Generator(0)) + 1000;
NumericCheckReport variance = Show("E[x²] − E[x]²", NumericCheck.Run(x => x.Square().Mean() - x.Mean().Square(), data));

// A difference of inputs is exact, and the tangent near its pole is ill-conditioned: no formula does better, and none is blamed.
NumericCheckReport condition = Show("an ill-conditioned function", NumericCheck.Run(x => x.Tan(), Tensor.From([1.57079f])));

// In a model the module and the line are named. A probability underflows, and its logarithm is −∞.
var model = new Sequential(new Linear(4, 8, generator: new Generator(1)), new Tanh(), new Linear(8, 3, generator: new Generator(2)), new Log(new Softmax(1)));
NumericCheckReport module = Show("a model", NumericCheck.RunModule(model, [Tensor.Randn([2, 4], new Generator(3))],
    output => Functional.NLLLoss(output, new long[] { 0, 2 })));

return !lost.Passed && kept.Passed && !variance.Passed && condition.Passed && module.Passed ? 0 : 1;
