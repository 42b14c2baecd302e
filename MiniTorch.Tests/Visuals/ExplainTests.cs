using MiniTorch.Nn;

namespace MiniTorch.Tests.Visuals;

public class ExplainTests
{
    private static readonly Tensor Targets = [0, 1, 1];

    private static Tensor Logits => Tensor.From(new[,] { { 2.0, 0.5, 1.0 }, { 0.2, 1.5, 0.3 }, { 1.0, 2.0, 0.1 } });

    [Test]
    public void Cross_entropy_is_told_as_its_formula_with_the_numbers_of_the_textbook()
    {
        string text = Explain.Run(new CrossEntropyLoss(), Logits, Targets).ToString();
        string[] formulas = [.. text.Split('\n').Where(line => line.Contains(" = ", StringComparison.Ordinal)).Select(line => line.Split("  ")[0])];
        formulas.ShouldBe(
        [
            "max = gather(logits, argmax, dim 1)", "shifted = logits − max", "exp_shifted = exp(shifted)", "sum_exp = sum(exp_shifted, dim 1)",
                "log_sum_exp = log(sum_exp)",
            "log_probabilities = shifted − log_sum_exp", "view = view(targets, [3, 1])", "picked = gather(log_probabilities, view, dim 1)",
                "view_2 = view(picked, [3])",
            "negate = −view_2", "sum = sum(negate)", "loss = sum / 3",
        ]);
        text.ShouldContain("    [[0.4644],\n     [0.4534],\n     [0.4170]]");
        text.ShouldContain("result, Float64 []\n    0.4449\n");
    }

    [Test]
    public void Gradients_stand_below_the_values_that_they_belong_to()
    {
        Tensor logits = Logits;
        logits.RequiresGrad = true;
        Explanation explanation = Explain.Run(new CrossEntropyLoss(), logits, Targets);
        string text = explanation.WithGradients();
        text.ShouldContain("    d loss / d logits\n    [[-0.1238,  0.0467,  0.0771],"); // (softmax − onehot) / 3
        text.ShouldContain("    d loss / d log_sum_exp\n    [[0.3333],");
        text.ShouldNotContain("d loss / d max");
        explanation.WithGradients().ShouldBe(text);
        logits.Grad.ShouldBeNull();
    }

    [Test]
    public void Gradients_need_one_number_with_a_graph()
    {
        Should.Throw<GraphException>(() => Explain.Run(x => x * 2, Logits).WithGradients()).Message.ShouldContain("shape [3, 3]");
        Should.Throw<GraphException>(() => Explain.Run(x => x.Sum(), Logits).WithGradients()).Message.ShouldContain("RequiresGrad is true");
    }

    [Test]
    public void Text_keeps_to_80_columns_and_tells_large_tensors_in_a_line()
    {
        Tensor x = Tensor.Linspace(-1, 1, 400).Reshape(20, 20), y = x.Clone();
        y[0, 0] = double.NaN;
        string text = Explain.Run((a, b) => Tensor.Cat([a, b, a, b, a, b, a, b, a, b], 0).Relu().Sum(), x, y).ToString();
        text.Split('\n').Max(line => line.Length).ShouldBeLessThanOrEqualTo(80);
        text.ShouldContain("400 elements, least -1, mean 0");
        text.ShouldContain("1 not finite");
    }

    [Test]
    public void Values_have_the_names_of_modules_parameters_and_those_that_were_given()
    {
        var model = new Net();
        Tensor x = Tensor.Randn([2, 3], new Generator(0));
        string text = Explain.Run(model, x).ToString();
        text.ShouldContain("── Net.fc1 ─");
        text.ShouldContain("fc1.weight (parameter)");
        text.ShouldContain("fc1 = mat_mul + fc1.bias");
        text.ShouldContain("hidden = relu(fc1)");
        text.ShouldContain("tail.0.weight (parameter)");
        text.ShouldContain("result = ");
        text.ShouldNotContain("unused");
    }

    [Test]
    public void What_was_overwritten_is_not_shown_as_if_it_had_not_been()
    {
        Tensor x = Tensor.Ones([2]);
        string text = Explain.Run(x =>
        {
            Tensor doubled = (x * 2).Named("doubled"), sum = doubled.Sum();
            doubled.AddInPlace(1);
            return sum;
        }, x).ToString();
        text.ShouldContain("overwritten by an in-place operation since");
    }

    [Test]
    public void Naming_outside_of_Explain_does_nothing() => Logits.Named("x").ToString().ShouldBe(Logits.ToString());

    [Test]
    public void A_graph_shows_modules_collapsed_or_opened()
    {
        Explanation explanation = Explain.Run(new Net(), Tensor.Randn([2, 3], new Generator(0)));
        string closed = explanation.ToDot(0), children = explanation.ToDot(), open = explanation.ToDot(3);
        closed.ShouldContain("[label=\"Net\\nfc1.weight [4, 3]\\nfc1.bias [4]\\ntail.0.weight [2, 4]\\ntail.0.bias [2]\"");
        closed.ShouldNotContain("subgraph");
        children.ShouldContain("subgraph \"cluster_Net\"");
        children.ShouldContain("[label=\"fc1: Linear\\nweight [4, 3]\\nbias [4]\"");
        children.ShouldContain("[label=\"tail: Sequential\\n0.weight [2, 4]");
        children.ShouldContain("[label=\"hidden\\nRelu\\n[2, 4]\"]");
        open.ShouldContain("subgraph \"cluster_Net.tail.0\"");
        open.ShouldContain("[label=\"tail.0.weight\\n[2, 4]\"");
        Should.Throw<ValueException>(() => explanation.ToDot(-1)).Message.ShouldContain("depth -1");
    }

    [Test]
    public void A_graph_of_cross_entropy_shows_its_operations()
    {
        string dot = Explain.Run(new CrossEntropyLoss(), Logits, Targets).ToDot();
        foreach (string label in (string[])["max\\nGather", "shifted\\nSubtract", "exp_shifted\\nExp", "log_sum_exp\\nLog", "picked\\nGather"])
            dot.ShouldContain(label);
    }

    [Test]
    public void Every_arrow_joins_two_boxes_and_every_box_has_one([Values(0, 1, 2)] int depth)
    {
        var criterion = new CrossEntropyLoss();
        var model = new Net();
        string mermaid = Explain.Run(x => criterion.Call(model.Call(x), [0, 1]), Tensor.Randn([2, 3], new Generator(0))).ToMermaid(depth);
        string[] lines = [.. mermaid.Split('\n').Skip(1).Select(line => line.Trim()).Where(line => line.Length > 0)];
        HashSet<string> boxes = [.. lines.Where(line => line[0] == 'n' && !line.Contains("-->", StringComparison.Ordinal))
            .Select(line => line[..line.IndexOfAny(['(', '['])])];
        string[] ends = [.. lines.Where(line => line.Contains("-->", StringComparison.Ordinal)).SelectMany(line => line.Split(" --> "))];
        ends.Distinct().Order().ShouldBe(boxes.Order());
        lines.Count(line => line.StartsWith("subgraph", StringComparison.Ordinal)).ShouldBe(lines.Count(line => line == "end"));
    }

    [Test]
    public void Labels_are_escaped_in_both_languages()
    {
        Explanation explanation = Explain.Run(x => (x * 2).Named("a\"b\\c<d>\n`"), Logits);
        explanation.ToDot().ShouldContain("a\\\"b\\\\c<d>\\n`");
        explanation.ToMermaid().ShouldContain("a#34;b#92;c#60;d#62;#10;#96;");
    }

    [Test]
    public void Two_modules_of_one_type_are_two()
    {
        (Linear a, Linear b) = (new(3, 3), new(3, 3));
        string dot = Explain.Run(x => b.Call(a.Call(x)), Tensor.Ones([1, 3])).ToDot(0);
        dot.ShouldContain("[label=\"Linear\\n");
        dot.ShouldContain("[label=\"Linear 2\\n");
    }

    private sealed class Net : Module<Tensor, Tensor>
    {
        private readonly Linear _fc1 = new(3, 4);
        private readonly Sequential _tail = new(new Linear(4, 2), new Tanh());

        protected override Tensor Forward(Tensor x)
        {
            (x * 7).Named("unused").Sum();
            return _tail.Call(_fc1.Call(x).Relu().Named("hidden")) * 2;
        }
    }
}
