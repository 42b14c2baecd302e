using System.Numerics;
using MiniTorch.Kernels;

namespace MiniTorch.Tests.Kernels;

/// <summary>Every width gives the bits that one lane gives.</summary>
[TestFixture(TypeArgs = [typeof(V512<float>), typeof(float)])]
[TestFixture(TypeArgs = [typeof(V256<float>), typeof(float)])]
[TestFixture(TypeArgs = [typeof(V128<float>), typeof(float)])]
[TestFixture(TypeArgs = [typeof(V512<double>), typeof(double)])]
[TestFixture(TypeArgs = [typeof(V256<double>), typeof(double)])]
[TestFixture(TypeArgs = [typeof(V128<double>), typeof(double)])]
public unsafe class VectorWidthTests<V, T>
    where V : unmanaged
    where T : unmanaged, IBinaryNumber<T>
{
    static readonly double[] Special =
        [0, -0.0, 1, -1, 0.5, -0.5, 1.5, 2.5, -2.5, 3.75, -7.25, 1e-30, -1e-30, 1e30, 88.5, -103, double.NaN, double.PositiveInfinity,
            double.NegativeInfinity];

    [Test]
    public void Every_operation_gives_the_bits_of_one_lane() => Dispatch(new OperationsCheck());

    [Test]
    public void Partial_loads_zero_the_rest_and_partial_stores_touch_nothing_else() => Dispatch(new PartialCheck());

    [Test]
    public void Unzip_parts_even_from_odd_lanes() => Dispatch(new UnzipCheck());

    [Test]
    public void Lanes_become_integers_and_touch_nothing_else() => Dispatch(new IntegerCheck());

    [Test]
    public void Mask_bits_survive_the_round_trip() => Dispatch(new MaskCheck());

    static void Dispatch<C>(C check) where C : ICheck
    {
        if (typeof(V) == typeof(V512<float>)) check.Run<V512<float>, float>();
        else if (typeof(V) == typeof(V256<float>)) check.Run<V256<float>, float>();
        else if (typeof(V) == typeof(V128<float>)) check.Run<V128<float>, float>();
        else if (typeof(V) == typeof(V512<double>)) check.Run<V512<double>, double>();
        else if (typeof(V) == typeof(V256<double>)) check.Run<V256<double>, double>();
        else check.Run<V128<double>, double>();
    }

    interface ICheck
    {
        void Run<W, E>() where W : struct, IVector<W, E> where E : unmanaged, IBinaryNumber<E>;
    }

    readonly struct OperationsCheck : ICheck
    {
        public void Run<W, E>()
            where W : struct, IVector<W, E>
            where E : unmanaged, IBinaryNumber<E>
        {
            E* lanes = stackalloc E[16], results = stackalloc E[16];
            foreach (double a in Special)
                foreach (double b in Special)
                {
                    for (int i = 0; i < W.Count; i++) lanes[i] = E.CreateTruncating(i % 2 == 0 ? a : b);
                    W[] wide = Apply(W.Load(lanes), W.Of(b));
                    for (int i = 0; i < 2; i++)
                    {
                        V1<E>[] narrow = Apply(V1<E>.Broadcast(lanes[i]), V1<E>.Of(b));
                        for (int k = 0; k < wide.Length; k++)
                        {
                            W.Store(wide[k], results);
                            E one = narrow[k].Value;
                            (E.IsNaN(one) ? E.IsNaN(results[i]) : results[i] == one && E.IsNegative(results[i]) == E.IsNegative(one))
                                .ShouldBeTrue($"operation {k} of {lanes[i]}, {b}: {results[i]}, one lane gives {one}");
                        }
                    }
                }
        }

        static R[] Apply<R>(R a, R b) where R : struct, IReal<R> =>
        [
            a + b, a - b, a * b, a / b, -a, R.Fma(a, b, a), R.Max(a, b), R.Min(a, b), R.Abs(a), R.Sqrt(a), R.Floor(a), R.Ceiling(a), R.Round(a),
            R.Truncate(a), R.Where(R.Less(a, b), a, b), R.Where(R.LessOrEqual(a, b), a, b), R.Where(R.Equal(a, b), R.Of(2), R.Of(3)),
            R.Where(R.Or(R.Less(a, b), R.Not(R.Equal(a, a))), a, b), R.Where(R.And(R.Less(a, b), R.Less(a, R.Of(0))), a, b), R.Exp(a), R.Expm1(a),
                R.Log(a),
            R.Log1p(a), R.Sin(a), R.Cos(a), R.Tan(a), R.Atan(a), R.Tanh(a), R.Sigmoid(a), R.Erf(a), R.Pow(a, b), R.Exp2(a), R.Erfc(a), R.Sinh(a),
                R.Cosh(a),
            R.Asin(a), R.Acos(a), R.Log2(a), R.Log10(a), R.Fmod(a, b), R.Where(R.Equal(b, b), R.AtLeast(a, b), b),
            R.Where(R.Equal(b, b), R.AtMost(a, b), b),
        ];
    }

    readonly struct PartialCheck : ICheck
    {
        public void Run<W, E>()
            where W : struct, IVector<W, E>
            where E : unmanaged, IBinaryNumber<E>
        {
            E* source = stackalloc E[16], destination = stackalloc E[16];
            for (int count = 0; count < W.Count; count++)
            {
                for (int i = 0; i < W.Count; i++) (source[i], destination[i]) = (E.CreateTruncating(i + 1), -E.One);
                W.StorePartial(W.LoadPartial(source, count) + W.Of(1), destination, count);
                for (int i = 0; i < W.Count; i++) destination[i].ShouldBe(i < count ? E.CreateTruncating(i + 2) : -E.One);
                W.Sum(W.LoadPartial(source, count)).ShouldBe(E.CreateTruncating(count * (count + 1) / 2));
                W.MaxLane(W.LoadPartial(source, count)).ShouldBe(E.CreateTruncating(count));
                W.MaxLaneNative(W.LoadPartial(source, count)).ShouldBe(E.CreateTruncating(count));
                W.MinLane(-W.LoadPartial(source, count)).ShouldBe(E.CreateTruncating(-count));
            }
        }
    }

    readonly struct UnzipCheck : ICheck
    {
        public void Run<W, E>()
            where W : struct, IVector<W, E>
            where E : unmanaged, IBinaryNumber<E>
        {
            E* lanes = stackalloc E[32];
            for (int i = 0; i < 2 * W.Count; i++) lanes[i] = E.CreateTruncating(i);
            (W even, W odd) = W.Unzip(W.Load(lanes), W.Load(lanes + W.Count));
            W.Store(even, lanes);
            W.Store(odd, lanes + W.Count);
            for (int i = 0; i < 2 * W.Count; i++) lanes[i].ShouldBe(E.CreateTruncating(i < W.Count ? 2 * i : 2 * (i - W.Count) + 1));
        }
    }

    readonly struct IntegerCheck : ICheck
    {
        public void Run<W, E>()
            where W : struct, IVector<W, E>
            where E : unmanaged, IBinaryNumber<E>
        {
            E* lanes = stackalloc E[16];
            long* integers = stackalloc long[16];
            for (int i = 0; i < W.Count; i++) lanes[i] = E.CreateTruncating(16_777_215 - 1_000_003 * i);
            for (int count = 0; count <= W.Count; count++)
            {
                new Span<long>(integers, 16).Fill(-1);
                W.StoreAsInt64(W.Load(lanes), integers, count);
                for (int i = 0; i < 16; i++) integers[i].ShouldBe(i < count ? 16_777_215 - 1_000_003 * i : -1);
            }
        }
    }

    readonly struct MaskCheck : ICheck
    {
        public void Run<W, E>()
            where W : struct, IVector<W, E>
            where E : unmanaged, IBinaryNumber<E>
        {
            for (ulong bits = 0; bits < 1UL << W.Count; bits++) W.ToBits(W.FromBits(bits)).ShouldBe(bits);
        }
    }
}
