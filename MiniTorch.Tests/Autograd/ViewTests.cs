using MiniTorch.Nn;

namespace MiniTorch.Tests.Differentiation;

/// <summary>Writing through views: PyTorch's rules for values, gradients and errors.</summary>
[TestFixture]
public sealed class ViewTests
{
    static Tensor Leaf(params double[] values) => Tensor.From(values, requiresGrad: true);

    static double[] Gradient(Tensor leaf) => leaf.Grad!.ToArray<double>();

    [Test]
    public void Views_share_memory()
    {
        Tensor x = Tensor.Zeros([2, 3]);
        x.T[1, 0] = 5;
        x.View(6)[^1] = 7;
        x[1][..2].AddInPlace(1);
        x.ToArray<float>().ShouldBe([0, 5, 0, 1, 1, 7]);
    }

    [Test]
    public void A_write_through_a_view_changes_the_gradient_of_the_base()
    {
        Tensor x = Leaf(1, 2, 3), y = x * 2;
        y[1].MulInPlace(10);
        y.Sum().Backward();
        Gradient(x).ShouldBe([2, 20, 2]);
    }

    [Test]
    public void A_base_may_begin_anywhere_in_its_memory()
    {
        Tensor w = Leaf(5), y = Tensor.From(new double[] { 1, 2, 3, 4 })[1..].Detach();
        y[1..2].CopyInPlace(w * 2);
        (y * Tensor.From(new double[] { 1, 10, 100 })).Sum().Backward();
        y.ToArray<double>().ShouldBe([2, 10, 4]);
        Gradient(w).ShouldBe([20]);
    }

    [Test]
    public void A_write_to_the_base_changes_the_gradient_of_its_views()
    {
        Tensor x = Leaf(1, 2, 3), y = x * 2, first = y[..2];
        y.MulInPlace(10);
        first.Sum().Backward();
        Gradient(x).ShouldBe([20, 20, 0]);
    }

    [Test]
    public void A_write_through_one_view_reaches_its_siblings_and_the_views_of_views()
    {
        Tensor x = Leaf(1, 2, 3, 4), y = x * 1, square = y.View(2, 2), column = square.T[1], last = y[2..];
        square[1].MulInPlace(3);
        (column * Tensor.From([1.0, 10])).Sum().Backward(retainGraph: true);
        Gradient(x).ShouldBe([0, 1, 0, 30]);
        x.Grad = null;
        last.Sum().Backward();
        Gradient(x).ShouldBe([0, 0, 3, 3]);
    }

    [Test]
    public void A_written_value_gets_the_gradient_of_its_place()
    {
        Tensor x = Leaf(1, 2, 3, 4), v = Leaf(7, 8), y = x * 2;
        y[1..3] = v * 5;
        (y * Tensor.From([1.0, 10, 100, 1000])).Sum().Backward();
        Gradient(x).ShouldBe([2, 0, 0, 2000]);
        Gradient(v).ShouldBe([50, 500]);
    }

    [Test]
    public void A_gradient_that_starts_inside_its_memory_is_read_from_its_start()
    {
        Tensor a = Leaf(1, 2), x = Leaf(3, 4, 5), y = x * 1;
        y[TensorIndex.Slice(0, 3, 2)].MulInPlace(2);
        Tensor joined = Tensor.Cat([a * 1, y]); // the gradient of y is a slice of this one's
        (joined * Tensor.From([1.0, 2, 3, 4, 5])).Sum().Backward();
        Gradient(x).ShouldBe([6, 4, 10]);
    }

    [Test]
    public void Writing_a_constant_that_requires_no_gradient_into_a_graph_cuts_it_there()
    {
        Tensor x = Leaf(1, 2, 3), y = x.Pow(2) + 0;
        y[0] = 100;
        y.Sum().Backward();
        Gradient(x).ShouldBe([0, 4, 6]);
    }

    [Test]
    public void Writing_into_plain_memory_makes_it_part_of_the_graph()
    {
        Tensor buffer = Tensor.Zeros([3], DType.Float64), x = Leaf(2, 3), view = buffer[..2];
        buffer[1..] = x * x;
        buffer.RequiresGrad.ShouldBeTrue();
        buffer.IsLeaf.ShouldBeFalse();
        (view.Sum() + buffer.Sum()).Backward();
        Gradient(x).ShouldBe([8, 6]);
    }

    [Test]
    public void In_place_operations_can_be_chained()
    {
        Tensor x = Leaf(2), y = x * 1;
        y.MulInPlace(x).AddInPlace(x).MulInPlace(3).SubInPlace(1).DivInPlace(2);
        y.Item<double>().ShouldBe(8.5);
        y.Sum().Backward();
        Gradient(x).ShouldBe([7.5]);
    }

    [Test]
    public void An_index_tensor_and_a_mask_can_be_written_through()
    {
        Tensor x = Leaf(1, 2, 3, 4), v = Leaf(5, 6), y = x * 2;
        y[Tensor.From([3L, 0])] = v;
        y[Tensor.From([false, true, false, false])] = 0;
        (y * Tensor.From([1.0, 10, 100, 1000])).Sum().Backward();
        Gradient(x).ShouldBe([0, 0, 200, 0]);
        Gradient(v).ShouldBe([1000, 1]);
    }

    [Test]
    public void A_leaf_that_requires_a_gradient_is_not_written()
    {
        Tensor x = Leaf(1, 2);
        Should.Throw<GraphException>(() => x.AddInPlace(1)).Message.ShouldBe(
            "AddInPlace: this tensor is a leaf that requires a gradient, and its graph would be wrong after a change; "
            + "write to it inside using (Autograd.NoGrad()), or use the operation that returns a new tensor");
        Should.Throw<GraphException>(() => x[0] = 1).Message.ShouldStartWith("CopyInPlace: this is a view of a leaf that requires a gradient");
        x.ToArray<double>().ShouldBe([1, 2]);
        using (Autograd.NoGrad()) x.AddInPlace(1);
        x.ToArray<double>().ShouldBe([2, 3]);
        x.IsLeaf.ShouldBeTrue();
    }

    [Test]
    public void A_view_made_while_recording_was_off_is_not_written_into_the_graph()
    {
        Tensor x = Tensor.Ones([2, 3], requiresGrad: true), y = x * 1.0, row;
        using (Autograd.NoGrad()) row = y[0];
        Should.Throw<GraphException>(() => row.MulInPlace(3)).Message.ShouldStartWith("MulInPlace: this view was created while recording was off");
        Should.Throw<GraphException>(() => row.CopyInPlace(Tensor.Zeros([3])))
            .Message.ShouldStartWith("CopyInPlace: this view was created while recording was off");
        using (Autograd.NoGrad()) row.MulInPlace(3);
        y.Sum().Backward();
        x.Grad!.ToArray<float>().ShouldAllBe(g => g == 1, "a write that is not recorded changes no gradient, as in PyTorch");
    }

    [Test]
    public void An_expanded_view_is_not_written()
    {
        Tensor x = Tensor.Zeros([1, 3]).Expand(2, 3);
        Should.Throw<ShapeException>(() => x.AddInPlace(1)).Message.ShouldBe(
            "AddInPlace: several elements of this expanded tensor, shape [2, 3], share the same memory; Clone() it before writing");
        Should.Throw<ShapeException>(() => x[0].CopyInPlace(Tensor.Ones([4])));
        x[0].AddInPlace(1); // one row of it has places of its own
        x.ToArray<float>().ShouldBe([1, 1, 1, 1, 1, 1]);
    }

    [Test]
    public void Overlapping_memory_is_read_before_it_is_written()
    {
        Tensor x = Tensor.Arange(6), square = Tensor.Arange(9).View(3, 3);
        x[1..].CopyInPlace(x[..^1]);
        x.ToArray<long>().ShouldBe([0, 0, 1, 2, 3, 4]);
        x[..^1].AddInPlace(x[1..]);
        x.ToArray<long>().ShouldBe([0, 1, 3, 5, 7, 4]);
        square.CopyInPlace(square.T);
        square.ToArray<long>().ShouldBe([0, 3, 6, 1, 4, 7, 2, 5, 8]);
        square.AddInPlace(square.T);
        square.ToArray<long>().ShouldBe([0, 4, 8, 4, 8, 12, 8, 12, 16]);
    }

    [Test]
    public void The_target_of_a_write_keeps_its_shape_and_dtype()
    {
        Tensor x = Tensor.Zeros([3], DType.Int64);
        Should.Throw<ShapeException>(() => Tensor.Zeros([3]).AddInPlace(Tensor.Zeros([2, 3]))).Message.ShouldBe(
            "AddInPlace: shape [2, 3] does not broadcast to the target's shape [3], which an in-place operation cannot change");
        Should.Throw<DTypeException>(() => x.AddInPlace(0.5))
            .Message.ShouldBe("AddInPlace: the result is Float32 and cannot be written into Int64; convert the target with To first");
        Should.Throw<DTypeException>(() => x.DivInPlace(2)).Message.ShouldStartWith("DivInPlace: the result is Float32");
        x.CopyInPlace(Tensor.From([1.9, -1.9, 3])).ToArray<long>().ShouldBe([1, -1, 3]);
        Tensor.Zeros([2]).AddInPlace(Tensor.Ones([2], DType.Float64)).DType.ShouldBe(DType.Float32);
    }

    [Test]
    public void A_change_of_a_saved_tensor_is_noticed_at_backward_through_whatever_name()
    {
        foreach ((string op, Action<Tensor> change) in ((string, Action<Tensor>)[])
            [("AddInPlace", x => x.AddInPlace(1)), ("MulInPlace", x => x[0].MulInPlace(2)), ("ZeroInPlace", x => x.Detach().ZeroInPlace()),
                ("CopyInPlace", x => x.View(1, 2).T[1] = 3)])
        {
            Tensor x = Leaf(1, 2), saved = x * 1, y = saved.Pow(2);
            change(saved);
            Should.Throw<GraphException>(() => y.Sum().Backward())
                .Message.ShouldBe("Square: input 0, shape [2], was saved for backward and was changed afterwards by "
                + $"{op}. Clone() it before changing it, or use the operation that returns a new tensor. Run the step inside using "
                + "(Autograd.DetectAnomaly()) to see both lines.");
        }
    }

    [Test]
    public void A_change_of_what_no_rule_reads_does_no_harm()
    {
        Tensor x = Leaf(1, 2), y = x * 1, z = y + 1;
        y.MulInPlace(5);
        z.Sum().Backward();
        Gradient(x).ShouldBe([1, 1]);
    }

    [Test]
    public void An_output_that_its_rule_reads_may_not_change()
    {
        Tensor x = Leaf(1), y = x.Exp();
        y.AddInPlace(1);
        Should.Throw<GraphException>(() => y.Sum().Backward()).Message.ShouldStartWith("Exp: its output, shape [1], was saved for backward");
    }

    [Test]
    public void Detach_shares_memory_and_has_no_history()
    {
        Tensor x = Leaf(1, 2), y = x * 2, d = y.Detach();
        d.RequiresGrad.ShouldBeFalse();
        d.IsLeaf.ShouldBeTrue();
        d[0] = 9;
        y.ToArray<double>().ShouldBe([9, 4]);
    }

    static IEnumerable<TestCaseData> Passing =>
        from module in (Module<Tensor, Tensor>[])
            [new Identity(), new Flatten(), (Dropout)new Dropout().Eval(), new Sequential(new Identity(), new Flatten())]
        from hooks in (int[])[0, 1, 2]
        select new TestCaseData(module, hooks).SetArgDisplayNames(module.GetType().Name, $"{hooks} hooks");

    [TestCaseSource(nameof(Passing))]
    public void A_write_to_what_a_module_passed_on_changes_the_gradient_of_its_input(Module<Tensor, Tensor> module, int hooks)
    {
        IDisposable[] registered = [.. Enumerable.Range(0, hooks).Select(_ => module.RegisterBackwardHook((_, _) => { }))];
        Tensor x = Tensor.From(new double[,] { { 3, 4 } }, requiresGrad: true), h = x * 1;
        module.Call(h).MulInPlace(2);
        (h * h).Sum().Backward();
        Gradient(x).ShouldBe([24, 32]); // (2x)²
        foreach (IDisposable hook in registered) hook.Dispose();
    }

    [Test]
    public void A_backward_hook_still_sees_the_gradient_of_an_output_that_was_written_over()
    {
        Tensor x = Leaf(3), h = x * 1;
        var module = new Identity();
        var seen = new List<double>();
        module.RegisterBackwardHook((_, gradient) => seen.Add(gradient.Item<double>()));
        module.Call(h).MulInPlace(2);
        (h * h).Sum().Backward();
        seen.ShouldBe([24]); // 2 · 2h · 2, with respect to what the module gave
    }

    static IEnumerable<TestCaseData> PassingOps()
    {
        foreach ((string name, Func<Tensor, Tensor> compute) in ((string, Func<Tensor, Tensor>)[])
            [("itself", x => x), ("its detached self", x => x.Detach()), ("a view", x => x.View(2, 1)),
                ("a view of its detached self", x => x.Detach().T)])
            foreach ((string arity, Func<Tensor, Tensor> apply) in ((string, Func<Tensor, Tensor>)[])
                [("one input", x => new PassOn(compute).Apply(x)),
                    ("first of two", x => new PassOn(compute).Apply(x, Tensor.Ones([1], DType.Float64))),
                 ("second of two", x => new PassOn(compute, 1).Apply(Tensor.Ones([1], DType.Float64), x)),
                 ("many", x => new PassOn(compute).ApplyAll(x, x.Detach(), x)[0])])
                yield return new TestCaseData(apply).SetArgDisplayNames(name, arity);
    }

    [TestCaseSource(nameof(PassingOps))]
    public void An_op_that_gives_its_input_back_gives_a_view(Func<Tensor, Tensor> apply)
    {
        Tensor x = Leaf(3, 4), h = x * 1, y = apply(h);
        y.Base.ShouldBeSameAs(h);
        y.MulInPlace(2);
        (h * h).Sum().Backward();
        Gradient(x).ShouldBe([24, 32]);
        Tensor leaf = Leaf(3, 4);
        Should.Throw<GraphException>(() => apply(leaf).MulInPlace(2)).Message.ShouldContain("a view of a leaf that requires a gradient");
        leaf.ToArray<double>().ShouldBe([3, 4]);
    }

    static IEnumerable<TestCaseData> Transforms()
    {
        foreach ((string name, Func<Tensor, Tensor> f) in ((string, Func<Tensor, Tensor>)[])
            [("itself", t => t), ("Reshape", t => t.Reshape(2, 1)), ("slice", t => t[..])])
        {
            yield return Of($"Jvp of {name}", x => Jvp(f, x));
            yield return Of($"Jvp of Jvp of {name}", x => Jvp(t => Jvp(f, t), x));
            yield return Of($"Vjp of {name}", x => Vjp(f, x));
            yield return Of($"Jvp of Vjp of {name}", x => Jvp(t => Vjp(f, t), x));
        }

        static Tensor Jvp(Func<Tensor, Tensor> f, Tensor x) => Autograd.Jvp(f, x, Tensor.OnesLike(x)).Value;
        static Tensor Vjp(Func<Tensor, Tensor> f, Tensor x) => Autograd.Vjp(f, x, Tensor.OnesLike(f(x))).Value;
        static TestCaseData Of(string name, Func<Tensor, Tensor> valueOf) => new TestCaseData(valueOf).SetArgDisplayNames(name);
    }

    [TestCaseSource(nameof(Transforms))]
    public void A_functional_transforms_value_is_a_view_where_it_shares_memory(Func<Tensor, Tensor> valueOf)
    {
        Tensor leaf = Leaf(3, 4);
        Should.Throw<GraphException>(() => valueOf(leaf).MulInPlace(2)).Message.ShouldContain("leaf that requires a gradient");
        leaf.ToArray<double>().ShouldBe([3, 4]);

        Tensor x = Leaf(3, 4), h = x * 1;
        valueOf(h).MulInPlace(2);
        (h * h).Sum().Backward();
        Gradient(x).ShouldBe([24, 32]);

        Tensor plain = Tensor.From([3.0, 4]);
        valueOf(plain).MulInPlace(2);
        plain.ToArray<double>().ShouldBe([6, 8]);
        plain.RequiresGrad.ShouldBeFalse();
    }

    [Test]
    public void A_vjp_of_what_requires_no_gradient_gives_a_value_without_a_graph()
    {
        Tensor x = Tensor.From([3.0, 4]), p = Leaf(5, 6);
        Autograd.Vjp(t => t * t, x, Tensor.OnesLike(x)).Value.RequiresGrad.ShouldBeFalse();
        (Tensor value, Tensor gradient) = Autograd.Vjp(t => t * p, x, Tensor.OnesLike(x)); // p is in both
        (value + gradient).Sum().Backward();
        Gradient(p).ShouldBe([4, 5]);
    }

    // As PyTorch, which copies here: sort, max, prod and their kin of a 0-d tensor.
    [Test]
    public void Reductions_and_orders_of_a_scalar_are_copies()
    {
        Tensor x = Tensor.Full([], 3.0);
        foreach (Func<Tensor, Tensor> f in (Func<Tensor, Tensor>[])
            [t => t.Prod(0), t => t.Max(0).Values, t => t.Min(0).Values, t => t.Sort().Values,
             t => t.TopK(1).Values, t => t.Median(0).Values, t => t.LogSumExp(0), t => t.CumSum(0), t => t.Sum(0)])
        {
            f(x).AddInPlace(1);
            x.Item<float>().ShouldBe(3);
        }
    }

    // PyTorch: the written tensor still requires a gradient, and what it was made from gets zeros.
    [Test]
    public void A_constant_over_a_whole_result_leaves_it_in_the_graph()
    {
        foreach (Action<Tensor> write in (Action<Tensor>[])
            [y => y.ZeroInPlace(), y => y.FillInPlace(5), y => y.CopyInPlace(Tensor.Ones([2])), y => y.T.ZeroInPlace(), y => y[..] = 1])
        {
            Tensor x = Leaf(1, 2), p = Leaf(3, 4), y = x * 2;
            write(y);
            y.RequiresGrad.ShouldBeTrue();
            (y * p).Sum().Backward();
            Gradient(x).ShouldBe([0, 0]);
            Gradient(p).ShouldBe(y.ToArray<double>());
        }
    }

    [Test]
    public void A_view_of_all_of_a_strided_tensor_can_be_written()
    {
        Tensor x = Tensor.From(new double[,] { { 1, 2 }, { 3, 4 } }, requiresGrad: true), y = (x * 1).T.Detach(), view = y[..];
        view.AddInPlace(x);
        (y * Tensor.From(new double[,] { { 1, 10 }, { 100, 1000 } })).Sum().Backward();
        Gradient(x).ShouldBe([1, 10, 100, 1000]);
        view.RequiresGrad.ShouldBeTrue();
    }

    [Test]
    public void A_view_that_was_made_a_leaf_is_not_written()
    {
        Tensor plain = Tensor.Zeros([2]), view = plain[..1];
        view.RequiresGrad = true;
        Should.Throw<GraphException>(() => view.AddInPlace(1)).Message.ShouldStartWith("AddInPlace: this tensor is a leaf that requires a gradient");
        plain.RequiresGrad.ShouldBeFalse();
    }

    [Test]
    public void Second_derivatives_pass_through_writes()
    {
        Tensor x = Leaf(2, 3), y = x.Pow(3);
        y[0].MulInPlace(x[1]);
        Tensor g = Autograd.Grad(y.Sum(), [x], createGraph: true)[0]; // [3 x0² x1, x0³ + 3 x1²]
        g.ToArray<double>().ShouldBe([36, 35]);
        Tensor h = Autograd.Grad(g.Sum(), [x])[0];                   // [6 x0 x1 + 3 x0², 3 x0² + 6 x1]
        h.ToArray<double>().ShouldBe([48, 30]);
    }

    sealed record PassOn(Func<Tensor, Tensor> Function, int Passed = 0) : Op
    {
        protected internal override Tensor Compute(ReadOnlySpan<Tensor> inputs) => Function(inputs[Passed]);

        protected internal override void Vjp(OpContext call, Tensor cotangent, Span<Tensor?> gradients) =>
            gradients[Passed] = cotangent.Reshape(call.InputShape(Passed));

        protected internal override Tensor? Jvp(OpContext call, ReadOnlySpan<Tensor?> tangents) => tangents[Passed]?.Reshape(call.OutputShape);
    }
}
