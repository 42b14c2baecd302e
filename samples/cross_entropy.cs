#:project ../MiniTorch.Nn/MiniTorch.Nn.csproj
// Cross-entropy from scratch, forward and backward, and its relatives. The numbers in the comments are those of PyTorch and NumPy.
// The page docs/learn/05-cross-entropy.md explains the first part step by step.
using MiniTorch;
using MiniTorch.Nn;

Heading("From logits to the loss, three rows of three classes");
Tensor logits = [[2.0, 0.5, 1.0], [0.2, 1.5, 0.3], [1.0, 2.0, 0.1]];
Tensor targets = [0, 1, 1];
Show("logits", logits);
Show("targets", targets);
Tensor max = logits.Max(dim: 1, keepDim: true).Values;
Show("max of each row", max);
Tensor shifted = logits - max;
Show("shifted = logits - max", shifted);
Tensor logSumExp = shifted.Exp().Sum(dim: 1, keepDim: true).Log();
Show("log-sum-exp of the shifted", logSumExp);                                     // 0.4644 0.4534 0.4170
Tensor logProbabilities = shifted - logSumExp;
Show("log-probabilities = shifted - log-sum-exp", logProbabilities);
Tensor picked = logProbabilities.Gather(1, targets.Unsqueeze(1));
Show("those of the targets", picked);
Show("loss = -mean", -picked.Mean());                                              // 0.4449
Show("CrossEntropyLoss", new CrossEntropyLoss().Call(logits, targets));            // the same

Heading("Back from the loss to the logits, by the chain rule and by Backward");
Tensor onehot = Tensor.Eye(3)[targets];
Tensor byLogProbabilities = -onehot / 3;                                           // the mean of three picked elements
Show("d loss / d log-probabilities", byLogProbabilities);
Tensor byLogSumExp = -byLogProbabilities.Sum(dim: 1, keepDim: true);               // it is subtracted from each element of its row
Show("d loss / d log-sum-exp", byLogSumExp);
Tensor softmax = shifted.Exp() / shifted.Exp().Sum(dim: 1, keepDim: true);         // d log-sum-exp / d shifted
Tensor byLogits = byLogProbabilities + byLogSumExp * softmax;
Show("d loss / d logits = (softmax - onehot) / 3", byLogits);
logits.RequiresGrad = true;
new CrossEntropyLoss().Call(logits, targets).Backward();
Show("by Backward", logits.Grad!);

Heading("Random logits, PyTorch's generator, seed 0, shape [4, 3]");
Tensor random = Tensor.Randn([4, 3], new Generator(0));
Show("logits", random);                                                            // 1.5410 -0.2934 -2.1788 …
Show("loss of the targets 0, 1, 2, 1", Functional.CrossEntropy(random, [0, 1, 2, 1]));    // 1.4412

Heading("Random logits, NumPy's generator, seed 42, shape [3, 4]");
Tensor normal = Tensor.From(new NumpyRandom(42).RandN(12), [3, 4]);
Show("logits", normal);
Show("softmax", normal.Softmax(1));
Show("loss of the targets 3, 1, 1", Functional.CrossEntropy(normal, [3, 1, 1]));   // 1.2663

Heading("One row: softmax, and the loss of class 0");
Tensor row = [2.0, 1.0, 0.1];
Show("softmax of [2, 1, 0.1]", row.Softmax(0));                                    // 0.6590 0.2424 0.0986
Show("loss of class 0", -row.LogSoftmax(0)[0]);                                    // 0.4170
Tensor confidences = [0.7, 0.8, 0.6];
Show("mean of -log of 0.7, 0.8, 0.6", -confidences.Log().Mean());                  // 0.3635

Heading("A batch, and logits that would overflow");
Tensor batch = [[2.0, 1.0, 0.1], [0.5, 3.0, 0.2], [0.1, 0.2, 1.5]];
Show("loss of a batch", Functional.CrossEntropy(batch, [0, 1, 2]));                // 0.3229
Tensor extreme = [[1000.0, 0.0, -1000.0], [-1000.0, 1000.0, 0.0]];
Show("of logits 1000 and -1000, the right classes", Functional.CrossEntropy(extreme, [0, 1]));    // 0
Show("the wrong ones", Functional.CrossEntropy(extreme, [2, 0]));                  // 2000

Heading("Cross-entropy = entropy + KL divergence, for a soft target");
Tensor soft = [[0.7, 0.2, 0.1]], guess = [[2.0, 1.0, 0.1]];
Show("cross-entropy", Functional.CrossEntropy(guess, soft));
Show("entropy of the target", -(soft * soft.Log()).Sum());
Show("KL(target, softmax)", (soft * (soft.Log() - guess.LogSoftmax(1))).Sum());

Heading("Binary cross-entropy of the logit of p = 0.8");
Tensor logit = Math.Log(0.8 / 0.2);
Show("y = 1: -log p", Functional.BinaryCrossEntropyWithLogits(logit, 1.0));        // 0.2231
Show("y = 0: -log(1 - p)", Functional.BinaryCrossEntropyWithLogits(logit, 0.0));   // 1.6094

static void Heading(string text) => Console.WriteLine($"\n== {text}");

static void Show(string name, Tensor value) => Console.WriteLine($"{name}, shape {value.Shape}\n{value.Detach()}");
