using MiniTorch.Nn;
using MiniTorch.Optim;

namespace MiniTorch.Tests.Tensors;

/// <summary>Result types as torch.result_type gives them (PyTorch 1.13.1), and conversions.</summary>
[TestFixture]
public sealed class DTypeTests
{
    /// <summary>a, b, and the type of a[2] with b[2], of a[2] with b 0-d, and of both 0-d.</summary>
    static readonly (DType A, DType B, DType Dimensioned, DType WithScalar, DType Scalars)[] Promotions =
    [
        (DType.Bool, DType.Bool, DType.Bool, DType.Bool, DType.Bool),
        (DType.Bool, DType.Int64, DType.Int64, DType.Int64, DType.Int64),
        (DType.Bool, DType.Float32, DType.Float32, DType.Float32, DType.Float32),
        (DType.Bool, DType.Float64, DType.Float64, DType.Float64, DType.Float64),
        (DType.Int64, DType.Bool, DType.Int64, DType.Int64, DType.Int64),
        (DType.Int64, DType.Int64, DType.Int64, DType.Int64, DType.Int64),
        (DType.Int64, DType.Float32, DType.Float32, DType.Float32, DType.Float32),
        (DType.Int64, DType.Float64, DType.Float64, DType.Float64, DType.Float64),
        (DType.Float32, DType.Bool, DType.Float32, DType.Float32, DType.Float32),
        (DType.Float32, DType.Int64, DType.Float32, DType.Float32, DType.Float32),
        (DType.Float32, DType.Float32, DType.Float32, DType.Float32, DType.Float32),
        (DType.Float32, DType.Float64, DType.Float64, DType.Float32, DType.Float64),
        (DType.Float64, DType.Bool, DType.Float64, DType.Float64, DType.Float64),
        (DType.Float64, DType.Int64, DType.Float64, DType.Float64, DType.Float64),
        (DType.Float64, DType.Float32, DType.Float64, DType.Float64, DType.Float64),
        (DType.Float64, DType.Float64, DType.Float64, DType.Float64, DType.Float64),
    ];

    static IEnumerable<TestCaseData> PromotionCases => Promotions.Select(p => new TestCaseData(p.A, p.B, p.Dimensioned, p.WithScalar, p.Scalars));

    [TestCaseSource(nameof(PromotionCases))]
    public void Two_tensors_promote_as_in_PyTorch(DType a, DType b, DType dimensioned, DType withScalar, DType scalars)
    {
        foreach (Func<Tensor, Tensor, Tensor> op in (Func<Tensor, Tensor, Tensor>[])[(x, y) => x + y, (x, y) => x * y, (x, y) => x.Maximum(y),
            (x, y) => Tensor.Where(Tensor.From([true, false]), x, y)])
        {
            op(Tensor.Ones([2], a), Tensor.Ones([2], b)).DType.ShouldBe(dimensioned);
            op(Tensor.Ones([2], a), Tensor.Ones([], b)).DType.ShouldBe(withScalar);
            op(Tensor.Ones([], b), Tensor.Ones([2], a)).DType.ShouldBe(withScalar);
            op(Tensor.Ones([], a), Tensor.Ones([], b)).DType.ShouldBe(scalars);
        }
    }

    [Test]
    public void Conversions_of_neighbours_are_those_of_single_elements()
    {
        double[] values = [0, -0.0, 1.5, -1.5, 2.5, 1e10, -1e10, 16777217, 9007199254740993, 9.2e18, -9.3e18, 1e30, 1e-45, double.NaN,
            double.PositiveInfinity, double.NegativeInfinity, 123456789012345678];
        Tensor all = Tensor.From([.. Enumerable.Range(0, 41).Select(i => values[i % values.Length])]);
        foreach (DType from in Enum.GetValues<DType>())
            foreach (DType to in Enum.GetValues<DType>())
            {
                Tensor x = from != DType.Int64 ? all.To(from)
                    : Tensor.From([.. Enumerable.Range(0, 41).Select(i => i % 2 == 0 ? long.MaxValue >> i : long.MinValue >> i)]);
                double[] expected = [.. Enumerable.Range(0, 41).Select(i => x[i].To(to).Item<double>())];
                x.To(to).ToArray<double>().ShouldBe(expected, $"{from} to {to}");
                x.Flip(0).To(to).Flip(0).ToArray<double>().ShouldBe(expected, $"{from} to {to}, reversed");
            }
    }

    [Test]
    public void Numbers_promote_as_in_PyTorch()
    {
        foreach ((DType dtype, DType withBool, DType withInteger, DType withReal) in ((DType, DType, DType, DType)[])
            [(DType.Bool, DType.Bool, DType.Int64, DType.Float32), (DType.Int64, DType.Int64, DType.Int64, DType.Float32),
             (DType.Float32, DType.Float32, DType.Float32, DType.Float32), (DType.Float64, DType.Float64, DType.Float64, DType.Float64)])
            foreach (Shape shape in (Shape[])[[2], []])
            {
                Tensor x = Tensor.Ones(shape, dtype);
                (x * true).DType.ShouldBe(withBool);
                (x * 2).DType.ShouldBe(withInteger);
                (2 + x).DType.ShouldBe(withInteger);
                (x * 0.5).DType.ShouldBe(withReal);
                (0.5 - x).DType.ShouldBe(withReal);
                (x / 2).DType.ShouldBe(dtype.IsFloat() ? dtype : DType.Float32);
            }
    }

    [Test]
    public void Numbers_keep_their_precision()
    {
        (Tensor.From([3.0]) * 0.1).Item<double>().ShouldBe(3 * 0.1);
        (Tensor.From([3.0]) + 0.1).Item<double>().ShouldBe(3 + 0.1);
        Tensor.From([1.0]).Maximum(1.1).Item<double>().ShouldBe(1.1);
        (Tensor.From([1L << 53]) + 1).Item<long>().ShouldBe((1L << 53) + 1);
        (Tensor.From([long.MaxValue]) - long.MaxValue).Item<long>().ShouldBe(0);
        (Tensor.From([3L]) * ((1L << 60) + 1)).Item<long>().ShouldBe(3 * ((1L << 60) + 1));
        Tensor.From([(1L << 53) + 1]).Eq(1L << 53).Item<bool>().ShouldBeFalse();
        Tensor.Full([1], 0.1, DType.Float64).Item<double>().ShouldBe(0.1);
        Tensor.Full([1], long.MaxValue).Item<long>().ShouldBe(long.MaxValue);
    }

    [Test]
    public void Scalar_holds_the_number_that_was_written_into_it()
    {
        foreach (Action<Tensor> write in (Action<Tensor>[])
            [t => t.AddInPlace(3.0), t => t.CopyInPlace(3.0), t => t.FillInPlace(3), t => t[TensorIndex.Ellipsis] = 3.0,
             t => t.Reshape(1).AddInPlace(3.0),
             t => t.Detach().AddInPlace(3.0), t => t.AddInPlace(Tensor.Ones([], requiresGrad: true) * 3)])
        {
            Tensor total = 0.0;
            write(total);
            total.To(DType.Float64).Item<double>().ShouldBe(3);
            total.To(DType.Int64).Item<long>().ShouldBe(3);
            (Tensor.Ones([2], DType.Float64) * total).ToArray<double>().ShouldBe([3, 3]);
            Tensor.Where(Tensor.From([true, false]), total, Tensor.From([5.0, 7])).ToArray<double>().ShouldBe([3, 7]);
            Tensor.FromCollection([total, 1.0]).ToArray<double>().ShouldBe([3, 1]);
        }
    }

    [Test]
    public void A_number_that_requires_a_gradient_gets_one_in_every_dtype()
    {
        Tensor x = Tensor.From([1.0, 2, 3]), condition = Tensor.From([true, false, true]);
        foreach ((Func<Tensor, Tensor> f, float gradient) in ((Func<Tensor, Tensor>, float)[])
            [(w => x * w, 6), (w => x + w, 3), (w => w - x, 3), (w => x / w, -24), (w => x.Maximum(w), 0),
             (w => Tensor.Where(condition, w, x), 2), (w => Tensor.Where(condition, x, w), 1),
             (w => Tensor.FromCollection([w, 1.0, x[0]]), 1), (w => Tensor.Stack([w, x[0]]), 1), (w => w.To(DType.Float64), 1),
             (w => Filled(w), 3), (w => Autograd.Jvp(t => t * w, x, x).Tangent, 6),
             (w => x.Lerp(x + 1, w), 3), (w => x.Prelu(w), 0)])
        {
            Tensor w = 0.5;
            w.RequiresGrad = true;
            f(w).Sum().Backward();
            w.Grad!.DType.ShouldBe(DType.Float32);
            w.Grad.Item<float>().ShouldBe(gradient);
        }

        static Tensor Filled(Tensor w)
        {
            Tensor y = Tensor.Zeros([3], DType.Float64);
            y.CopyInPlace(w);
            return y;
        }
    }

    [Test]
    public void A_number_trains_beside_Float64()
    {
        Tensor w = 0.0, b = Tensor.Zeros([1], DType.Float64, requiresGrad: true), x = Tensor.From([1.0, 2, 3]), y = x * 2.0 + 1.0;
        w.RequiresGrad = true;
        var optimizer = new SGD([w, b], lr: 0.1);
        for (int i = 0; i < 300; i++)
        {
            optimizer.ZeroGrad();
            (x * w + b - y).Square().Mean().Backward();
            optimizer.Step();
        }
        w.Item<float>().ShouldBe(2, 1e-3f);
        b.Item<double>().ShouldBe(1, 1e-3);
    }

    [Test]
    public void A_number_in_a_collection_an_index_or_a_join_keeps_its_precision()
    {
        Tensor y = Tensor.Zeros([2], DType.Float64), one = Tensor.Full([], 1.0, DType.Float64);
        y[0] = 0.1;
        y[Tensor.From([false, true])] = 0.3;
        y.ToArray<double>().ShouldBe([0.1, 0.3]);
        y.CopyInPlace(0.7).ToArray<double>().ShouldBe([0.7, 0.7]);
        Tensor.Stack([0.1, one]).ToArray<double>().ShouldBe([0.1, 1]);
        Tensor.FromCollection([0.1, one]).ToArray<double>().ShouldBe([0.1, 1]);
        Tensor.Where(Tensor.From([true, false]), 0.1, y).ToArray<double>().ShouldBe([0.1, 0.7]);
        Autograd.Jvp(t => t * 0.1, y, y).Value.ToArray<double>().ShouldBe([0.7 * 0.1, 0.7 * 0.1]);
        Fuse.Compile(t => t.Maximum(0.9))(y).ToArray<double>().ShouldBe([0.9, 0.9]);
        Tensor number = 0.1, other = 0.1;
        (number.RequiresGrad, other.RequiresGrad) = (true, true);
        number.RequiresGrad = false;
        number.To(DType.Float64).Item<double>().ShouldBe(0.1);
        other.To(DType.Float64).Item<double>().ShouldBe(0.1f, "a leaf is what its memory holds");
    }

    [Test]
    public void A_buffer_that_began_as_a_number_is_converted_with_its_value()
    {
        var model = new Counter();
        using (Autograd.NoGrad()) model.Count.AddInPlace(1);
        model.To(DType.Float64);
        model.Count.To(DType.Float32).Item<float>().ShouldBe(1);
        model.To(DType.Float32);
        model.Count.To(DType.Float64).Item<double>().ShouldBe(1);
    }

    sealed class Counter : Module<Tensor, Tensor>
    {
        [Buffer]
        public Tensor Count { get; } = 0.0;

        protected override Tensor Forward(Tensor input) => input * Count;
    }

    [Test]
    public void The_operator_for_remainders_is_Remainder()
    {
        Tensor x = Tensor.From([5.5, -5.5]), n = Tensor.From([7L, -7]);
        (x % Tensor.From([2.0, 3])).ToArray<double>().ShouldBe([1.5, 0.5]);
        (x % 2).ToArray<double>().ShouldBe([1.5, 0.5]);
        (7.5 % x).ToArray<double>().ShouldBe([2, -3.5]);
        (n % 3).ToArray<long>().ShouldBe([1, 2]);
        (n % -3).ToArray<long>().ShouldBe([-2, -1]);
        (n % 2.5).DType.ShouldBe(DType.Float32);
        Should.Throw<ValueException>(() => n % 0).Message.ShouldStartWith("Remainder: integer division by zero");
    }

    [Test]
    public void Item_and_ToArray_convert_as_To_does()
    {
        Tensor x = Tensor.From([-1.9, 0, 2.5]);
        x.ToArray<long>().ShouldBe([-1, 0, 2]);
        x.ToArray<int>().ShouldBe([-1, 0, 2]);
        x.ToArray<float>().ShouldBe([-1.9f, 0, 2.5f]);
        x.ToArray<bool>().ShouldBe([true, false, true]);
        x[2].Item<byte>().ShouldBe((byte)2);
        Tensor.From([true, false]).ToArray<double>().ShouldBe([1, 0]);
        Tensor.From([300L]).Item<short>().ShouldBe((short)300);
        Tensor.From(new[] { 1, 2 }).DType.ShouldBe(DType.Int64);
        Should.Throw<DTypeException>(() => x.ToArray<char>())
            .Message.ShouldBe("Char is not an element type; use float, double, bool, or an integer type up to long");
    }

    [Test]
    public void Item_is_for_one_element()
    {
        Tensor.Ones([1, 1]).Item<float>().ShouldBe(1);
        Should.Throw<ShapeException>(() => Tensor.Ones([2]).Item<float>())
            .Message.ShouldBe("Item: shape [2] has 2 elements instead of one; index an element or use ToArray<T>()");
        Should.Throw<ShapeException>(() => Tensor.Ones([0]).Item<float>());
    }

    [Test]
    public void CopyTo_writes_row_major_from_any_layout_into_a_span_that_is_long_enough()
    {
        Tensor x = Tensor.From(new[,] { { 1.0, 2 }, { 3, 4 } }).T;
        var values = new float[6];
        x.CopyTo<float>(values);
        values.ShouldBe([1, 3, 2, 4, 0, 0]);
        Should.Throw<ShapeException>(() => x.CopyTo<float>(new float[3]))
            .Message.ShouldBe("CopyTo: the span has length 3, too short for the 4 elements of shape [2, 2]");
        x.Read<double, double>(elements => elements[1]).ShouldBe(3);
    }

    [Test]
    public void Reals_that_fit_no_integer_become_the_smallest_one() =>
        Tensor.From([double.NaN, double.PositiveInfinity, 1e300, -1e300]).To(DType.Int64).ToArray<long>()
            .ShouldBe([long.MinValue, long.MinValue, long.MinValue, long.MinValue]);

    [Test]
    public void The_gradient_of_a_conversion_comes_back_in_the_first_dtype()
    {
        Tensor x = Tensor.Ones([2], requiresGrad: true);
        (x.To(DType.Float64) * Tensor.From([3.0, 5])).Sum().Backward();
        x.Grad!.DType.ShouldBe(DType.Float32);
        x.Grad.ToArray<float>().ShouldBe([3, 5]);
        x.To(DType.Int64).RequiresGrad.ShouldBeFalse();
        (x > 0).RequiresGrad.ShouldBeFalse();
    }

    [Test]
    public void Integers_have_whole_arithmetic()
    {
        Tensor x = Tensor.From([long.MinValue, -3, 5]);
        x.Amin(0).Item<long>().ShouldBe(long.MinValue);
        x.Min().Item<long>().ShouldBe(long.MinValue);
        x.Amax(0).Item<long>().ShouldBe(5);
        (x[1..] * x[1..]).Sum().Item<long>().ShouldBe(34);
        Tensor.From([7L, -7]).Pow(2).ToArray<long>().ShouldBe([49, 49]);
        Tensor.From([2L, 3]).Pow(2.0).DType.ShouldBe(DType.Float32);
        Tensor.From([2L, 3]).Pow(3).ToArray<long>().ShouldBe([8, 27]);
        Tensor.From([2L, 3]).Pow(3).DType.ShouldBe(DType.Int64);
        Tensor.From([3L]).Pow(Tensor.From([39L])).Item<long>().ShouldBe(4052555153018976267);
        Tensor.From([3L, -1, 1]).Pow(Tensor.From([-1L, -3, -2])).ToArray<long>().ShouldBe([0, -1, 1]);
    }
}
