namespace MiniTorch.Tests.Differentiation;

/// <summary>Reverse mode: what is gathered where, what can be asked twice, and what is an error.</summary>
[TestFixture]
public sealed class BackwardTests
{
    static Tensor Leaf(params double[] values) => Tensor.From(values, requiresGrad: true);

    static double[] Gradient(Tensor leaf) => leaf.Grad!.ToArray<double>();

    [TestCase(2)]
    [TestCase(20)]
    public void A_gradient_that_arrives_several_times_is_added_several_times(int size)
    {
        Tensor x = Tensor.Ones([size, size], requiresGrad: true), y = x * 3;
        (y + y + y).Sum().Backward();
        x.Grad!.ToArray<float>().ShouldAllBe(value => value == 9);
        Autograd.Grad((x + x).Sum(), [x])[0].ToArray<float>().ShouldAllBe(value => value == 2);
        Tensor z = x * 3;
        Autograd.Grad((z + z + z[..1]).Sum(), [x])[0][0, 0].Item<float>().ShouldBe(6 + 3 * size);
    }

    [Test]
    public void Gradients_accumulate_until_they_are_cleared()
    {
        Tensor x = Leaf(1, 2);
        for (int i = 1; i <= 3; i++)
        {
            (x * 2).Sum().Backward();
            x.Grad!.ToArray<double>().ShouldBe([2 * i, 2 * i]);
        }
        x.Grad = null;
        (x * x).Sum().Backward();
        x.Grad!.ToArray<double>().ShouldBe([2, 4]);
    }

    [Test]
    public void A_tensor_used_many_times_gets_the_sum()
    {
        Tensor x = Leaf(3), y = x * x;
        (y * y + y + x).Sum().Backward();
        x.Grad!.Item<double>().ShouldBe(4 * 27 + 6 + 1);
    }

    [Test]
    public void Gradients_of_two_leaves_share_no_memory([Values] bool createGraph)
    {
        Tensor a = Leaf(1, 2), b = Leaf(3, 4), g = Tensor.From([1.0, 10]), sum = a + b;
        sum.Backward(g, retainGraph: true, createGraph);
        sum.Backward(g);
        a.Grad!.ToArray<double>().ShouldBe([2, 20]);
        b.Grad!.ToArray<double>().ShouldBe([2, 20]);
        g.ToArray<double>().ShouldBe([1, 10], "the caller's cotangent is not written");
        using (Autograd.NoGrad()) a.Grad.ZeroInPlace();
        b.Grad.ToArray<double>().ShouldBe([2, 20]);
    }

    [Test]
    public void Gradient_that_was_read_is_the_tensor_that_later_passes_accumulate_into()
    {
        Tensor x = Leaf(1, 2);
        x.Sum().Backward();
        Tensor held = x.Grad!;
        x.Sum().Backward();
        held.ToArray<double>().ShouldBe([2, 2]);
        ReferenceEquals(held, x.Grad).ShouldBeTrue();
    }

    [Test]
    public void Backward_of_a_vector_needs_a_gradient_of_its_shape_and_dtype()
    {
        Tensor x = Leaf(1, 2), y = x * 2;
        Should.Throw<GraphException>(() => y.Backward()).Message.ShouldBe(
            "Backward: the output has shape [2], and only a scalar has an obvious gradient; reduce it (Sum, Mean) or pass the gradient");
        Should.Throw<ShapeException>(() => y.Backward(Tensor.Ones([1], DType.Float64)))
            .Message.ShouldBe("Backward: the given gradient has shape [1] and the output [2]; they must be equal");
        Should.Throw<DTypeException>(() => y.Backward(Tensor.Ones([2])))
            .Message.ShouldBe("Backward: the given gradient is Float32 and the output Float64; convert it with To");
        x.Grad.ShouldBeNull();
    }

    [Test]
    public void Backward_without_a_graph_is_an_error()
    {
        Should.Throw<GraphException>(() => Tensor.Ones([]).Backward()).Message.ShouldBe(
            "Backward: this tensor, shape [], has no graph: nothing that it was computed from requires a gradient "
            + "(set requiresGrad: true before computing, or use a Parameter), or it was computed under NoGrad, or from a detached tensor. "
            + "To differentiate a gradient again, pass createGraph: true to the Grad or Backward that makes it");
        Tensor x = Leaf(1), y;
        using (Autograd.NoGrad()) y = x * 2;
        Should.Throw<GraphException>(() => y.Backward());
        Should.Throw<GraphException>(() => (x * 2).Detach().Backward());
    }

    [Test]
    public void A_second_Grad_without_createGraph_names_createGraph()
    {
        Tensor x = Leaf(2);
        Tensor first = Autograd.Grad(x.Pow(3).Sum(), [x])[0];
        Should.Throw<GraphException>(() => Autograd.Grad(first.Sum(), [x])).Message.ShouldContain("pass createGraph: true to the Grad or Backward");
        x.Pow(3).Sum().Backward();
        Should.Throw<GraphException>(() => x.Grad!.Sum().Backward()).Message.ShouldContain("pass createGraph: true");
    }

    [Test]
    public void Backward_of_a_leaf_sets_its_own_gradient()
    {
        Tensor x = Leaf(4);
        x.Backward();
        x.Grad!.Item<double>().ShouldBe(1);
    }

    [Test]
    public void Second_backward_is_an_error_unless_the_graph_is_retained()
    {
        Tensor x = Leaf(2), y = x.Exp().Sum();
        y.Backward(retainGraph: true);
        y.Backward();
        Should.Throw<GraphException>(() => y.Backward()).Message.ShouldBe(
            "Exp: the saved tensors of this graph were freed by an earlier Backward or Grad; pass retainGraph: true to that call to run backward "
                + "again (a hidden state carried over from the last step has the same effect: Detach it)");
        x.Grad!.Item<double>().ShouldBe(2 * Math.Exp(2), 1e-14);
    }

    [Test]
    public void RetainGrad_keeps_the_gradient_of_a_result()
    {
        Tensor x = Leaf(3), y = x * 2;
        Should.Throw<GraphException>(() => y.Grad).Message.ShouldBe(
            "Grad: this tensor is the result of an operation, and only leaves keep their gradient; call RetainGrad() before Backward to keep it");
        y.RetainGrad();
        y.Grad.ShouldBeNull();
        Tensor z = y.Pow(2).Sum();
        z.Backward(retainGraph: true);
        y.Grad!.Item<double>().ShouldBe(12);
        z.Backward();
        y.Grad!.Item<double>().ShouldBe(24);
        x.RetainGrad(); // of a leaf: no effect
        Should.Throw<GraphException>(() => Tensor.Ones([]).RetainGrad()).Message.ShouldBe(
            "RetainGrad: this tensor does not require a gradient: nothing that it was computed from does (set requiresGrad: true before computing, "
            + "or use a Parameter)");
    }

    static IEnumerable<TestCaseData> Writes()
    {
        foreach ((string name, Action<Tensor, Tensor> write) in ((string, Action<Tensor, Tensor>)[])
            [("AddInPlace", (y, p) => y.AddInPlace(p)), ("MulInPlace", (y, p) => y.MulInPlace(3)),
             ("DivInPlace twice", (y, p) => y.DivInPlace(2).DivInPlace(p)), ("CopyInPlace", (y, p) => y.CopyInPlace(p)),
             ("CopyInPlace of a constant", (y, p) => y.CopyInPlace(Tensor.Ones([3]))), ("ZeroInPlace", (y, p) => y.ZeroInPlace()),
             ("an element", (y, p) => y[1] = p[1]), ("a slice", (y, p) => y[..2].MulInPlace(p[1..])),
             ("a mask", (y, p) => y[Tensor.From([true, false, true])] = 0), ("a view of all", (y, p) => y[..].MulInPlace(2)),
             ("a slice of a view", (y, p) => y.View(3, 1)[1..].AddInPlace(1)), ("under NoGrad", (y, p) => UnderNoGrad(() => y.AddInPlace(1)))])
            yield return new TestCaseData(write).SetArgDisplayNames(name);

        static void UnderNoGrad(Action write)
        {
            using (Autograd.NoGrad()) write();
        }
    }

    // PyTorch 2: a retained gradient is that of the tensor as it is when it is used.
    [TestCaseSource(nameof(Writes))]
    public void A_retained_gradient_is_that_of_the_tensor_after_in_place_operations(Action<Tensor, Tensor> write)
    {
        double[] weights = [5, 7, 11];
        Tensor x = Leaf(1, 2, 3), p = Leaf(4, 5, 6), y = x * 2, slice = y[1..], column = y.View(3, 1);
        foreach (Tensor retained in (Tensor[])[y, slice, column]) retained.RetainGrad();
        write(y, p);
        Tensor w = Tensor.From(weights);
        ((y * w).Sum() + (slice * w[1..]).Sum() + (column.View(3) * w).Sum()).Backward();
        y.Grad!.ToArray<double>().ShouldBe([10, 21, 33]); // through itself and both views
        slice.Grad!.ToArray<double>().ShouldBe([7, 11]);
        column.Grad!.ToArray<double>().ShouldBe(weights);
    }

    [Test]
    public void A_retained_gradient_of_a_written_view_is_its_own()
    {
        Tensor x = Leaf(1, 2, 3), y = x * 2, view = y[1..];
        view.RetainGrad();
        view.MulInPlace(10);
        y.RetainGrad();
        view.MulInPlace(2);
        (y * y).Sum().Backward();
        view.Grad.ShouldBeNull("y was used, not the view");
        y.Grad!.ToArray<double>().ShouldBe([4, 160, 240]);
        Gradient(x).ShouldBe([8, 6400, 9600]);
    }

    [Test]
    public void A_gradient_that_is_set_has_the_shape_and_dtype_of_its_tensor()
    {
        Tensor x = Leaf(1, 2);
        Should.Throw<ShapeException>(() => x.Grad = Tensor.Ones([3], DType.Float64))
            .Message.ShouldBe("Grad: a gradient of shape [3] does not fit a tensor of shape [2]");
        Should.Throw<DTypeException>(() => x.Grad = Tensor.Ones([2]))
            .Message.ShouldBe("Grad: a gradient of Float32 does not fit a tensor of Float64");
        Should.Throw<GraphException>(() => (x * 2).Grad = Tensor.Ones([2], DType.Float64))
            .Message.ShouldBe("Grad: the gradient can be set only on a leaf, and this tensor is the result of an operation");
        x.Grad = Tensor.From([1.0, 1]);
        x.Sum().Backward();
        x.Grad!.ToArray<double>().ShouldBe([2, 2]);
    }

    [Test]
    public void RequiresGrad_is_for_reals_and_for_leaves()
    {
        Should.Throw<DTypeException>(() => Tensor.Arange(3, requiresGrad: true)).Message.ShouldBe(
            "RequiresGrad: a tensor of Int64 cannot have a gradient; only Float32 and Float64 can (To converts)");
        Tensor x = Leaf(1), y = x * 2;
        Should.Throw<GraphException>(() => y.RequiresGrad = false).Message.ShouldBe(
            "RequiresGrad: cannot be set to false on the result of an operation; Detach() returns a tensor that does not require a gradient");
        x.RequiresGrad = false;
        (x * 2).RequiresGrad.ShouldBeFalse();
    }

    [Test]
    public void Grad_gives_gradients_of_leaves_and_results_and_touches_no_Grad()
    {
        Tensor x = Leaf(2), y = x * 3, z = y.Pow(2).Sum();
        Tensor[] g = Autograd.Grad(z, [y, x, y]);
        g.Select(t => t.Item<double>()).ShouldBe([12, 36, 12]);
        x.Grad.ShouldBeNull();
    }

    [Test]
    public void Grad_of_the_output_by_itself_is_its_cotangent()
    {
        Tensor x = Leaf(2, 3), y = x * 2, u = Tensor.From([5.0, 7]);
        Autograd.Grad(y, [y], u)[0].ToArray<double>().ShouldBe([5, 7]);
        Autograd.Grad(x, [x], u)[0].ToArray<double>().ShouldBe([5, 7]);
    }

    [Test]
    public void Grad_of_an_unused_input_is_an_error_or_zeros()
    {
        Tensor x = Leaf(2), unused = Leaf(1, 2), y = (x * 3).Sum();
        Should.Throw<GraphException>(() => Autograd.Grad(y, [x, unused], retainGraph: true)).Message.ShouldBe(
            "Grad: the output does not depend on input 1, shape [2]; pass allowUnused: true to get zeros for it");
        Autograd.Grad(y, [x, unused], allowUnused: true)[1].ToArray<double>().ShouldBe([0, 0]);
        Should.Throw<GraphException>(() => Autograd.Grad((x * 3).Sum(), [Tensor.Ones([2])])).Message.ShouldBe(
            "Grad: input 0, shape [2], does not require a gradient; set RequiresGrad before it is used");
    }

    [Test]
    public void Grad_runs_only_what_leads_to_its_inputs()
    {
        Tensor x = Leaf(2), w = Leaf(3), y = x * 3;
        var counting = new CountingIdentity();
        Tensor z = (counting.Apply(w) * y).Sum();
        Autograd.Grad(z, [y])[0].Item<double>().ShouldBe(3);
        counting.Calls.ShouldBe(0);
    }

    [Test]
    public void CreateGraph_lets_gradients_be_differentiated_again_and_accumulate()
    {
        Tensor x = Leaf(2), y = x.Pow(3).Sum();
        y.Backward(createGraph: true);
        x.Grad!.Item<double>().ShouldBe(12);
        x.Grad.RequiresGrad.ShouldBeTrue();
        Autograd.Grad(x.Grad.Sum(), [x])[0].Item<double>().ShouldBe(12);
        x.Grad = null;
        Tensor g = Autograd.Grad(y, [x], createGraph: true)[0];
        g.Pow(2).Sum().Backward(); // d (3x²)² = 36x³
        x.Grad!.Item<double>().ShouldBe(36 * 8);
    }

    [Test]
    public void Zero_size_tensors_run_backward()
    {
        Tensor x = Tensor.Zeros([0, 3], requiresGrad: true);
        (x * 2).Exp().Sum().Backward();
        x.Grad!.Shape.ShouldBe([0, 3]);
        Tensor w = Tensor.Ones([3, 2], requiresGrad: true);
        Tensor.Zeros([0, 3]).MatMul(w).Sum().Backward();
        w.Grad!.ToArray<float>().ShouldBe(new float[6]);
    }

    [Test]
    public void Gathers_and_slices_add_to_a_gradient_that_is_there_already()
    {
        double[] values = [.. Enumerable.Range(0, 60).Select(i => Math.Sin(i))];
        Tensor x = Tensor.From(values, [6, 10], requiresGrad: true), y = x * 1, index = Tensor.From(new long[] { 3, 3, 9 }, [1, 3]),
            factor = Tensor.From([1.0, 10, 100]);
        Tensor loss = y.Square().Sum() + (y.Gather(1, index) * factor).Sum() + y[1..3].Sum() * 7 + y[.., 9].Sum() * 0.5;
        for (int pass = 1; pass <= 2; pass++)
        {
            loss.Backward(retainGraph: true);
            double[] gradient = x.Grad!.ToArray<double>();
            for (int i = 0; i < 60; i++)
            {
                double picked = i == 3 ? 11 : i == 9 ? 100 : 0, sliced = i / 10 is 1 or 2 ? 7 : 0, column = i % 10 == 9 ? 0.5 : 0;
                gradient[i].ShouldBe(pass * (2 * values[i] + picked + sliced + column), 1e-12);
            }
        }
    }

    [Test]
    public void A_million_chained_operations_run_backward()
    {
        Tensor x = Leaf(1), y = x;
        for (int i = 0; i < 1_000_000; i++) y += 1e-6;
        y.Sum().Backward();
        x.Grad!.Item<double>().ShouldBe(1);
        y.Item<double>().ShouldBe(2, 1e-9);
    }

    sealed record CountingIdentity : LinearOp
    {
        public int Calls { get; private set; }

        protected internal override Tensor Compute(ReadOnlySpan<Tensor> inputs) => inputs[0].Detach().Clone();

        protected override Tensor Transpose(OpContext call, int input, Tensor cotangent)
        {
            Calls++;
            return cotangent;
        }
    }

    [Test]
    public void The_time_of_backward_through_a_join_grows_with_the_number_of_parts([Values] bool stack)
    {
        const int Count = 40_000;
        Tensor[] parts = [.. Enumerable.Range(0, Count).Select(i => Tensor.Full([2], (double)i, requiresGrad: true))];
        Tensor weight = Tensor.Arange(Count * 2.0), loss = ((stack ? Tensor.Stack(parts) : Tensor.Cat(parts)).Reshape(-1) * weight).Sum();
        var time = System.Diagnostics.Stopwatch.StartNew();
        loss.Backward();
        time.Elapsed.TotalSeconds.ShouldBeLessThan(3, "a sum over all parts before each part takes longer");
        for (int i = 0; i < Count; i += 1999) parts[i].Grad!.ToArray<float>().ShouldBe([2 * i, (2 * i) + 1]);
    }

    [Test]
    public void Cat_of_parts_of_which_some_need_no_gradient_gives_each_its_own()
    {
        Tensor a = Tensor.Ones([2, 1]), b = Tensor.Ones([2, 3], requiresGrad: true), c = Tensor.Ones([2, 0], requiresGrad: true),
            d = Tensor.Ones([2, 2], requiresGrad: true);
        (Tensor.Cat([a, b, c, d], 1) * Tensor.Arange(6.0)).Sum().Backward();
        b.Grad!.ToArray<float>().ShouldBe([1, 2, 3, 1, 2, 3]);
        c.Grad!.Shape.ShouldBe([2, 0]);
        d.Grad!.ToArray<float>().ShouldBe([4, 5, 4, 5]);
    }
}
