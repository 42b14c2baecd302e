using MathNet.Numerics.LinearAlgebra;
using MiniTorch.Nn;
using MiniTorch.Optim;

namespace MiniTorch.Tests.Optim;

/// <summary>Optimisers that PyTorch 1.13 does not have, against the formulas of their papers, element by element in double precision.</summary>
public class PaperOptimizerTests
{
    private const int Steps = 12;

    private static readonly int[][] s_shapes = [[3, 3], [5, 2], [2, 6], [1, 4]];

    // Runs an optimiser and a formula on the same random gradients; the formula maps (parameter, gradient, step) to the next parameter.
    private static void Compare(int[] shape, Func<IEnumerable<Tensor>, Optimizer> make, Func<double[], double[], int, double[]> formula,
        double tolerance = 1e-12)
    {
        var generator = new Generator(7);
        var parameter = new Parameter(Tensor.Randn(shape, generator, DType.Float64));
        Optimizer optimizer = make([parameter]);
        double[] expected = parameter.ToArray<double>();
        for (int step = 1; step <= Steps; step++)
        {
            Tensor gradient = Tensor.Randn(shape, generator, DType.Float64) * 0.3;
            parameter.Grad = gradient;
            optimizer.Step();
            expected = formula(expected, gradient.ToArray<double>(), step);
            Agreement.ShouldAgree(parameter.ToArray<double>(), expected, tolerance, $"shape [{string.Join(", ", shape)}], step {step}");
        }
    }

    // Chen et al. 2023, algorithm 2.
    [Test]
    public void Lion_follows_its_paper([Values(0, 0.1)] double decay, [Values] bool maximize)
    {
        const double Rate = 0.05, Beta1 = 0.8, Beta2 = 0.95;
        double[] mean = new double[6];
        Compare([6], p => new Lion(p, Rate, (Beta1, Beta2), decay, maximize), (x, g, _) => [.. x.Select((value, i) =>
        {
            double slope = maximize ? -g[i] : g[i], direction = Math.Sign((Beta1 * mean[i]) + ((1 - Beta1) * slope));
            mean[i] = (Beta2 * mean[i]) + ((1 - Beta2) * slope);
            return value - (Rate * (direction + (decay * value)));
        })]);
    }

    // Jordan et al. 2024, as torch.optim.Muon of PyTorch 2.10 states it, without its rounding to bfloat16.
    [Test]
    public void Muon_follows_its_formula([Values] bool nesterov, [Values] AdjustLr adjust)
    {
        const double Rate = 0.1, Decay = 0.2, Momentum = 0.9, A = 3.4445, B = -4.775, C = 2.0315;
        foreach (int[] shape in s_shapes)
        {
            (int rows, int columns) = (shape[0], shape[1]);
            Matrix<double> buffer = Matrix<double>.Build.Dense(rows, columns);
            double ratio = adjust == AdjustLr.Original ? Math.Sqrt(Math.Max(1, (double)rows / columns)) : 0.2 * Math.Sqrt(Math.Max(rows, columns));
            Compare(shape, p => new Muon(p, Rate, Decay, Momentum, nesterov, adjustLrFn: adjust), (x, g, _) =>
            {
                Matrix<double> slope = OfRows(g, columns);
                buffer = (buffer * Momentum) + (slope * (1 - Momentum));
                Matrix<double> update = nesterov ? (slope * (1 - Momentum)) + (buffer * Momentum) : buffer;
                update /= update.FrobeniusNorm();
                for (int i = 0; i < 5; i++)
                {
                    // The same polynomial of UᵀU from the other side: x(a + b·xᵀx + c·(xᵀx)²).
                    Matrix<double> gram = update.Transpose() * update;
                    update *= (gram * B) + (gram * gram * C) + (Matrix<double>.Build.DenseIdentity(columns) * A);
                }
                return ToRows((OfRows(x, columns) * (1 - (Rate * Decay))) - (update * (Rate * ratio)));
            }, tolerance: 1e-10);
        }
    }

    // With 1.5 and −0.5, Newton and Schulz's iteration converges to the orthogonal factor UVᵀ of USVᵀ.
    [Test]
    public void Muon_with_converging_coefficients_moves_by_the_orthogonal_factor()
    {
        foreach (int[] shape in s_shapes)
            Compare(shape, p => new Muon(p, 1, 0, 0, nsCoefficients: (1.5, -0.5, 0), nsSteps: 99, adjustLrFn: AdjustLr.Original), (x, g, _) =>
            {
                var svd = OfRows(g, shape[1]).Svd();
                int rank = Math.Min(shape[0], shape[1]);
                Matrix<double> factor = svd.U.SubMatrix(0, shape[0], 0, rank) * svd.VT.SubMatrix(0, rank, 0, shape[1]);
                return ToRows(OfRows(x, shape[1]) - (factor * Math.Sqrt(Math.Max(1, (double)shape[0] / shape[1]))));
            }, tolerance: 1e-9);
    }

    // Shazeer and Stern 2018, with the means, ε and rate of torch.optim.Adafactor.
    [Test]
    public void Adafactor_follows_its_formula_for_matrices([Values(0, 0.1)] double decay, [Values(1, 1.5)] double d)
    {
        const double Rate = 0.3, Power = -0.7;
        foreach (int[] shape in s_shapes)
        {
            (int n, int m) = (shape[0], shape[1]);
            double[] rows = new double[n], columns = new double[m];
            Compare(shape, p => new Adafactor(p, Rate, Power, d: d, weightDecay: decay), (x, g, step) =>
            {
                double share = Math.Pow(step, Power);
                for (int i = 0; i < n; i++) rows[i] += share * (Enumerable.Range(0, m).Average(j => Square(g[(i * m) + j])) - rows[i]);
                for (int j = 0; j < m; j++) columns[j] += share * (Enumerable.Range(0, n).Average(i => Square(g[(i * m) + j])) - columns[j]);
                double[] update = [.. g.Select((value, at) => value / Math.Sqrt(rows[at / m] * columns[at % m] / rows.Average()))];
                return Moved(x, update, Rate, step, decay, d);
            });
        }
    }

    [Test]
    public void Adafactor_follows_its_formula_for_vectors_and_scalars()
    {
        foreach (int[] shape in (int[][])[[5], []])
        {
            double[] variance = new double[shape.Aggregate(1, (a, b) => a * b)];
            Compare(shape, p => new Adafactor(p, 0.3, -0.7), (x, g, step) =>
            {
                for (int i = 0; i < g.Length; i++) variance[i] += Math.Pow(step, -0.7) * (Square(g[i]) - variance[i]);
                return Moved(x, [.. g.Select((value, i) => value / Math.Sqrt(variance[i]))], 0.3, step, 0, 1);
            });
        }
    }

    [Test]
    public void Adafactor_remembers_a_row_and_a_column_of_each_matrix_in_a_stack()
    {
        var stack = new Parameter(Tensor.Ones([2, 3, 4])) { Grad = Tensor.Ones([2, 3, 4]) };
        var vector = new Parameter(Tensor.Ones([4])) { Grad = Tensor.Zeros([4]) };
        var optimizer = new Adafactor([stack, vector]);
        optimizer.Step();
        OrderedDictionary<string, Tensor> state = optimizer.StateDict();
        state["state.0.row_var"].Shape.ToArray().ShouldBe([2, 3, 1]);
        state["state.0.col_var"].Shape.ToArray().ShouldBe([2, 1, 4]);
        state["state.1.variance"].Shape.ToArray().ShouldBe([4]);
        state.Keys.Count(name => name.StartsWith("state.", StringComparison.Ordinal)).ShouldBe(5);
        stack.ToArray<float>().ShouldAllBe(value => Math.Abs(value - 0.99f) < 1e-6f);
        vector.ToArray<float>().ShouldBe([1, 1, 1, 1]); // a gradient of 0 is divided by ε₁
    }

    // Defazio et al. 2024, algorithm 1 with the Adam denominator and the warm-up of the package schedulefree: x, y and z are all kept here.
    [Test]
    public void AdamWScheduleFree_follows_its_formula_and_switches_between_y_and_x(
        [Values(0, 4)] int warmup, [Values(0, 0.1)] double decay, [Values(0, 1.5)] double r)
    {
        const double Rate = 0.1, Beta1 = 0.7, Beta2 = 0.9, Eps = 1e-8;
        double[] x = [], z = [], square = new double[5];
        double largest = 0, sum = 0;
        AdamWScheduleFree? optimizer = null;
        Compare([5], p => optimizer = new AdamWScheduleFree(p, Rate, (Beta1, Beta2), Eps, decay, warmup, r), (y, g, step) =>
        {
            if (step == 1) (x, z) = ([.. y], [.. y]);
            double rate = Rate * Math.Sqrt(1 - Math.Pow(Beta2, step)) * (warmup == 0 ? 1 : Math.Min(1, (double)step / warmup));
            largest = Math.Max(largest, rate);
            double weight = Math.Pow(step, r) * Square(largest), share = weight / (sum += weight);
            for (int i = 0; i < 5; i++)
            {
                square[i] = (Beta2 * square[i]) + ((1 - Beta2) * Square(g[i]));
                z[i] -= rate * ((g[i] / (Math.Sqrt(square[i]) + Eps)) + (decay * y[i]));
                x[i] = ((1 - share) * x[i]) + (share * z[i]);
            }
            Tensor parameter = optimizer!.Groups[0].Parameters[0];
            optimizer.Eval();
            optimizer.Eval();
            Agreement.ShouldAgree(parameter.ToArray<double>(), x, 1e-12, $"x at step {step}");
            Should.Throw<ValueException>(() => optimizer.Step()).Message.ShouldContain("call Train() first");
            optimizer.Train();
            optimizer.Train();
            return [.. x.Select((value, i) => ((1 - Beta1) * z[i]) + (Beta1 * value))];
        });
    }

    [Test]
    public void AdamWScheduleFree_saved_after_Eval_trains_on_with_the_same_bits()
    {
        Parameter one = OptimizerTests.Weight(1, 2, -3), other = OptimizerTests.Weight(0, 0, 0);
        var straight = new AdamWScheduleFree([one], 0.1);
        OptimizerTests.Descend(straight, 3);
        straight.Eval();
        using (Autograd.NoGrad()) other.CopyInPlace(one);
        var loaded = new AdamWScheduleFree([other]);
        loaded.LoadStateDict(straight.StateDict());
        loaded.Training.ShouldBeFalse();
        foreach (AdamWScheduleFree optimizer in (AdamWScheduleFree[])[straight, loaded])
        {
            optimizer.Train();
            OptimizerTests.Descend(optimizer, 2);
        }
        Agreement.ShouldBeSameBits([other], [one], "after two more steps");
        OrderedDictionary<string, Tensor> state = straight.StateDict();
        state["schedule_free.training"] = 2;
        Should.Throw<ValueException>(() => loaded.LoadStateDict(state)).Message.ShouldContain("2 is not 0 or 1");
        Should.Throw<ValueException>(() => new AdamWScheduleFree([one], betas: (0, 0.9)))
            .Message.ShouldContain("must be more than 0 and less than 1");
    }

    private sealed class Language(bool isTied) : Module<Tensor, Tensor>
    {
        private readonly Embedding _tokens = new(7, 4);
        private readonly Linear _hidden = new(4, 4);
        private readonly LayerNorm _norm = new(4);
        private Linear? _head;

        public Linear Head => _head ??= isTied ? new Linear(_tokens.Weight) : new Linear(4, 7);

        public Linear Hidden => _hidden;

        protected override Tensor Forward(Tensor input) => Head.Call(_norm.Call(_hidden.Call(_tokens.Call(input))));
    }

    [Test]
    public void Muon_Split_gives_the_hidden_matrices_to_Muon_and_the_rest_to_the_others([Values] bool isTied)
    {
        var model = new Language(isTied);
        Linear head = model.Head;
        var (matrices, others) = Muon.Split(model, head);
        matrices.ShouldBe([model.Hidden.Weight]);
        others.Count.ShouldBe(model.Parameters().Count - 1);
        others.ShouldContain(head.Weight);
        new Muon(matrices).Groups[0].Parameters.Count.ShouldBe(1);
        Should.Throw<ValueException>(() => new Muon(others)).Message.ShouldContain("Muon optimises matrices only: give it to AdamW");
        Should.Throw<ValueException>(() => Muon.Split(model, new Linear(1, 1))).Message.ShouldBe(
            "Muon.Split: the head Linear is not a module of Language; pass one of its NamedModules()");
        Should.Throw<ValueException>(() => new Muon(matrices).Groups[0]["ns_steps"] = 100).Message.ShouldContain("less than 100");
    }

    private static double Square(double x) => x * x;

    private static double[] Moved(double[] x, double[] update, double rate, int step, double decay, double d)
    {
        double scale = Math.Max(1e-3, Rms(x)) * Math.Min(rate, 1 / Math.Sqrt(step)) / Math.Max(1, Rms(update) / d);
        return [.. x.Select((value, i) => (value * (1 - (rate * decay))) - (scale * update[i]))];
    }

    private static double Rms(double[] x) => Math.Sqrt(x.Average(Square));

    private static Matrix<double> OfRows(double[] values, int columns) =>
        Matrix<double>.Build.DenseOfRowMajor(values.Length / columns, columns, values);

    private static double[] ToRows(Matrix<double> matrix) => matrix.ToRowMajorArray();
}
