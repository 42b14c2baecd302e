#:project ../MiniTorch.Nn/MiniTorch.Nn.csproj
// What a loss computes, value by value and with every gradient; and the graph of a model with its loss, written as .dot and .mmd to the folder given
// or else to the current one.
using MiniTorch;
using MiniTorch.Nn;

Tensor logits = Tensor.From(new[,] { { 2.0, 0.5, 1.0 }, { 0.2, 1.5, 0.3 }, { 1.0, 2.0, 0.1 } }, requiresGrad: true);
Console.WriteLine(Explain.Run(new CrossEntropyLoss(), logits, [0, 1, 1]).WithGradients());

Generator.ManualSeed(0);
var model = new Sequential(new Linear(4, 8), new ReLU(), new Linear(8, 3));
var criterion = new CrossEntropyLoss();
Tensor x = Tensor.Randn([6, 4]), y = Tensor.RandInt(0, 3, [6]);
Explanation step = Explain.Run((x, y) => criterion.Call(model.Call(x), y), x, y);
string folder = args.Length > 0 ? args[0] : ".";
Write("modules", step.ToDot(0), step.ToMermaid(0));
Write("layers", step.ToDot(), step.ToMermaid());
Write("operations", step.ToDot(9), step.ToMermaid(9));

void Write(string name, string dot, string mermaid)
{
    string path = Path.Combine(folder, $"graph-{name}");
    File.WriteAllText(path + ".dot", dot);
    File.WriteAllText(path + ".mmd", mermaid);
    Console.WriteLine($"{path}.dot (dot -Tsvg) and .mmd (Mermaid)");
}
