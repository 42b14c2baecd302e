namespace MiniTorch.Tests.Differentiation;

/// <summary>The graph keeps the values that rules read, and no others; after a pass it keeps none.</summary>
public sealed class SavedValuesTests
{
    static readonly Tensor s_a = Tensor.From(new float[] { 1, 2, 3 }), s_b = Tensor.From(new float[] { 4, 5, 6 });

    static Tensor Leaf(Tensor values)
    {
        Tensor leaf = values.Clone();
        leaf.RequiresGrad = true;
        return leaf;
    }

    static OpNode Node(Tensor result) => (OpNode)result.Node!;

    static void ShouldLack(OpNode node, params int[] inputs)
    {
        foreach (int input in inputs)
            Should.Throw<GraphException>(() => node.Input(input))
                .Message.ShouldBe($"{node.Name}: the derivative rule reads input {input}, which was not saved; declare it in the op's Reads");
    }

    static void ShouldLackOutput(OpNode node, int slot = 0) =>
        Should.Throw<GraphException>(() => node.Output(slot))
            .Message.ShouldBe($"{node.Name}: the derivative rule reads its output, which was not saved; declare it in the op's Reads");

    [Test]
    public void An_op_of_one_input_keeps_what_it_reads()
    {
        Tensor x = Leaf(s_a);
        OpNode exp = Node(x.Exp()), sin = Node(x.Sin()), negate = Node(-x);
        ShouldLack(exp, 0);
        exp.Output(0).Storage.ShouldNotBeSameAs(x.Storage);
        ShouldLackOutput(sin);
        sin.Input(0).Storage.ShouldBeSameAs(x.Storage);
        ShouldLack(negate, 0);
        ShouldLackOutput(negate);
    }

    [Test]
    public void An_op_of_two_inputs_keeps_what_it_reads()
    {
        Tensor a = Leaf(s_a), b = Leaf(s_b);
        OpNode sum = Node(a + b), product = Node(a * b);
        ShouldLack(sum, 0, 1);
        ShouldLackOutput(sum);
        ShouldLackOutput(product);
        (product.Input(0).Storage, product.Input(1).Storage).ShouldBe((a.Storage, b.Storage));
    }

    [Test]
    public void An_op_of_many_inputs_or_outputs_keeps_what_it_reads()
    {
        Tensor a = Leaf(s_a), b = Leaf(s_b), c = Leaf(s_a);
        OpNode joined = Node(Tensor.Cat([a, b, c]));
        ShouldLack(joined, 0, 1, 2);
        ShouldLackOutput(joined);
    }

    [Test]
    public void Backward_frees_all_saved_tensors()
    {
        Tensor a = Leaf(s_a), b = Leaf(s_b);
        Tensor product = a * b, exp = product.Exp(), mixed = Tensor.Where(exp > 0, exp, product).Sum();
        Tensor sorted = a.Sort(0).Values;
        (OpNode ofProduct, OpNode ofExp, OpNode ofSort) = (Node(product), Node(exp), Node(sorted));
        (mixed + sorted.Sum()).Backward();
        ShouldLack(ofProduct, 0, 1);
        ShouldLackOutput(ofExp);
        ShouldLackOutput(ofSort);
        Should.Throw<GraphException>(() => ofSort.Output(1));
    }

    [Test]
    public void Backward_with_retainGraph_frees_no_saved_tensor()
    {
        Tensor a = Leaf(s_a), b = Leaf(s_b), product = a * b;
        product.Sum().Backward(retainGraph: true);
        Node(product).Input(1).Storage.ShouldBeSameAs(b.Storage);
    }

    [Test]
    public void Writes_to_a_saved_tensor_are_counted()
    {
        Tensor a = Leaf(s_a), b = s_b.Clone(), product = a * b;
        b.MulInPlace(2);
        Should.Throw<GraphException>(() => product.Sum().Backward()).Message.ShouldNotContain("writes)");
        b.MulInPlace(3);
        b.MulInPlace(4);
        Should.Throw<GraphException>(() => (a * 1 + product).Sum().Backward()).Message.ShouldContain("(3 writes)");
    }
}
