#:project ../MiniTorch.Nn/MiniTorch.Nn.csproj
// Cross-entropy from scratch, step by step, with the numbers that PyTorch and NumPy give. Exits with 1 when one is off.
using MiniTorch;
using MiniTorch.Nn;

int wrong = 0;

Heading("From logits to the loss, three rows of three classes");
Tensor logits = [[2.0, 0.5, 1.0], [0.2, 1.5, 0.3], [1.0, 2.0, 0.1]];
Tensor targets = [0, 1, 1];
Show("logits", logits);
Show("targets", targets);
Tensor max = Show("max per row", logits.Max(dim: 1, keepDim: true).Values);
Tensor shifted = Show("shifted = logits - max", logits - max);
Tensor logSumExp = Show("log-sum-exp of the shifted", shifted.Exp().Sum(dim: 1, keepDim: true).Log());
Tensor logProbabilities = Show("log-probabilities = shifted - log-sum-exp", shifted - logSumExp);
Tensor picked = Show("of the targets", logProbabilities.Gather(1, targets.Unsqueeze(1)));
Tensor loss = Show("loss = -mean", -picked.Mean());
Check("log-sum-exp", logSumExp, 0.4644, 0.4534, 0.4170);
Check("loss", loss, 0.4449);
Check("CrossEntropyLoss", new CrossEntropyLoss().Call(logits, targets), 0.4449);

Heading("Random logits, PyTorch's generator, seed 0, shape [4, 3]");
Tensor random = Show("logits", Tensor.Randn([4, 3], new Generator(0)));
Check("logits", random, 1.5410, -0.2934, -2.1788, 0.5684, -1.0845, -1.3986, 0.4033, 0.8380, -0.7193, -0.4033, -0.5966, 0.1820);
Check("loss", Functional.CrossEntropy(random, [0, 1, 2, 1]), 1.4412);

Heading("Random logits, NumPy's generator, seed 42, shape [3, 4]");
Tensor normal = Show("logits", Tensor.From(new NumpyRandom(42).RandN(12), [3, 4]));
Tensor probabilities = Show("softmax", normal.Softmax(1));
Tensor chosen = Show("probabilities of the targets 3, 1, 1", probabilities[Tensor.Arange(3), (int[])[3, 1, 1]]);
Check("loss with 1e-7 inside the logarithm", -(chosen + 1e-7).Log().Mean(), 1.26634, 5e-6);
Check("loss without", -chosen.Log().Mean(), 1.266342, 5e-7);
Check("Functional.CrossEntropy", Functional.CrossEntropy(normal, [3, 1, 1]), 1.266342, 5e-7);

Heading("One row: softmax and the loss of class 0");
Tensor row = [2.0, 1.0, 0.1];
Check("softmax", Show("softmax of [2, 1, 0.1]", row.Softmax(0)), 0.6590, 0.2424, 0.0986);
Check("loss of class 0", -row.LogSoftmax(0)[0], 0.4170);
Tensor confidences = [0.7, 0.8, 0.6];
Check("mean -log of 0.7, 0.8, 0.6", Show("mean -log", -confidences.Log().Mean()), 0.3635);

Heading("A batch, and logits that would overflow");
Tensor batch = [[2.0, 1.0, 0.1], [0.5, 3.0, 0.2], [0.1, 0.2, 1.5]];
Check("loss", Show("loss", Functional.CrossEntropy(batch, [0, 1, 2])), 0.3229);
Tensor extreme = [[1000.0, 0.0, -1000.0], [-1000.0, 1000.0, 0.0]];
Check("of logits 1000 and -1000, the right classes", Show("right", Functional.CrossEntropy(extreme, [0, 1])), 0.0);
Check("the wrong ones", Show("wrong", Functional.CrossEntropy(extreme, [2, 0])), 2000.0);

Heading("Cross-entropy = entropy + KL divergence, for a soft target");
Tensor soft = [[0.7, 0.2, 0.1]];
Tensor guess = [[2.0, 1.0, 0.1]];
Tensor logGuess = guess.LogSoftmax(1);
Tensor crossEntropy = Show("cross-entropy", Functional.CrossEntropy(guess, soft));
Tensor entropy = Show("entropy of the target", -(soft * soft.Log()).Sum());
Tensor divergence = Show("KL(target, softmax)", (soft * (soft.Log() - logGuess)).Sum());
Check("entropy + KL", entropy + divergence, crossEntropy.Item<double>(), 1e-6);

Heading("Binary cross-entropy of one probability");
Tensor p = 0.8;
Check("y = 1: -log p", Show("y = 1", -p.Log()), 0.2231);
#pragma warning disable MT0008 // as it is defined; this p is not small
Check("y = 0: -log(1 - p)", Show("y = 0", -(1 - p).Log()), 1.6094);
#pragma warning restore MT0008

Console.WriteLine(wrong == 0 ? "\nAll numbers are right." : $"\n{wrong} numbers are wrong.");
return wrong == 0 ? 0 : 1;

static void Heading(string text) => Console.WriteLine($"\n== {text}");

static Tensor Show(string name, Tensor value)
{
    Console.WriteLine($"{name}, shape {value.Shape}\n{value}");
    return value;
}

void Check(string name, Tensor got, params object[] wanted)
{
    double[] values = got.ToArray<double>();
    bool tolerant = wanted.Length == values.Length + 1;
    double tolerance = tolerant ? (double)wanted[^1] : 6e-5;
    bool right = wanted.Length - (tolerant ? 1 : 0) == values.Length;
    for (int i = 0; right && i < values.Length; i++) right = Math.Abs(values[i] - (double)wanted[i]) <= tolerance * Math.Max(1, Math.Abs(values[i]));
    if (!right) wrong++;
    Console.WriteLine($"{(right ? "ok   " : "WRONG")} {name}: {got:0.######}, expected {string.Join(" ", wanted.Take(values.Length))}");
}
