using MiniTorch.Nn;

namespace MiniTorch.Tests.Losses;

internal static partial class LossSamples
{
    private static LossRow[] RegressionRows() =>
    [
        Loss<MSELoss>().Guide("numbers")
            .Sample(new MSELoss(), s_matrix, s_matrix)
            .Case("mse", x => Functional.MSELoss(x, s_other), x => new MSELoss().Call(x, s_other))
            .Takes("mse", Broadcasting, (x, r) => Functional.MSELoss(x.X, x.Y, r), (x, r) => new MSELoss(r).Call(x.X, x.Y))
            .Torch("mse_loss(input, target, reduction='mean')", a => Functional.MSELoss(a["input"], a["target"], ReductionOf(a)))
            .Misuse<DTypeException>("MSELoss: input is Int64 and target is Int64; at least one must be Float32 or Float64…",
            () => Functional.MSELoss(s_whole, s_whole)),
        Loss<L1Loss>().Guide("numbers")
            .Sample(new L1Loss(), s_matrix, s_matrix)
            .Case("l1", x => Functional.L1Loss(x, s_other), x => new L1Loss().Call(x, s_other))
            .Takes("l1", Broadcasting, (x, r) => Functional.L1Loss(x.X, x.Y, r), (x, r) => new L1Loss(r).Call(x.X, x.Y))
            .Torch("l1_loss(input, target, reduction='mean')", a => Functional.L1Loss(a["input"], a["target"], ReductionOf(a)))
            .Edge("l1 of equal numbers", x => Functional.L1Loss(x, s_zeros, None), [0, -2], [0, 2], [0, -1])
            .Misuse<DTypeException>("L1Loss: input is Int64 and target is Int64; at least one must be Float32 or Float64…",
            () => Functional.L1Loss(s_whole, s_whole)),
        Loss<SmoothL1Loss>().Guide("numbers")
            .Sample(new SmoothL1Loss(beta: 0.7), s_matrix, s_matrix)
            .Case("smooth l1", x => Functional.SmoothL1Loss(x, s_other, beta: 0.7), x => new SmoothL1Loss(beta: 0.7).Call(x, s_other))
            .Takes("smooth l1", Broadcasting, (x, r) => Functional.SmoothL1Loss(x.X, x.Y, r), (x, r) => new SmoothL1Loss(r).Call(x.X, x.Y))
            .Torch("smooth_l1_loss(input, target, reduction='mean', beta=1.0)",
                a => Functional.SmoothL1Loss(a["input"], a["target"], ReductionOf(a), a.Real("beta")))
            .Edge("smooth l1 with beta 0", x => Functional.SmoothL1Loss(x, s_zeros, None, beta: 0), [0, 2], [0, 2], [-1, 1])
            .Misuse<DTypeException>("SmoothL1Loss: input is Int64 and target is Int64; at least one must be Float32 or Float64…",
            () => Functional.SmoothL1Loss(s_whole, s_whole)),
        Loss<HuberLoss>().Guide("numbers")
            .Sample(new HuberLoss(delta: 0.7), s_matrix, s_matrix)
            .Case("huber", x => Functional.HuberLoss(x, s_other, delta: 0.7), x => new HuberLoss(delta: 0.7).Call(x, s_other))
            .Takes("huber", Broadcasting, (x, r) => Functional.HuberLoss(x.X, x.Y, r), (x, r) => new HuberLoss(r).Call(x.X, x.Y))
            .Torch("huber_loss(input, target, reduction='mean', delta=1.0)",
                a => Functional.HuberLoss(a["input"], a["target"], ReductionOf(a), a.Real("delta")))
            .Edge("huber at its knee", x => Functional.HuberLoss(x, s_zeros, None), [1, -1], [0.5, 0.5], [1, -1])
            .Misuse<DTypeException>("HuberLoss: input is Int64 and target is Int64; at least one must be Float32 or Float64…",
            () => Functional.HuberLoss(s_whole, s_whole))
            .Misuse<ValueException>("HuberLoss: delta is 0…", () => Functional.HuberLoss(s_scores, s_scores, delta: 0)),
        Loss<GaussianNLLLoss>().Guide("numbers, and variances")
            .CannotExport("reads values that depend on the model's input")
            .Sample(new GaussianNLLLoss(full: true), s_matrix, s_matrix, s_positive)
            .Case("gaussian", x => Functional.GaussianNLLLoss(s_other, s_third, x.Exp(), full: true),
                x => new GaussianNLLLoss(full: true).Call(s_other, s_third, x.Exp()))
            .Takes("gaussian", SameShape, (x, r) => Functional.GaussianNLLLoss(x.X, x.Y, x.Q, reduction: r),
                (x, r) => new GaussianNLLLoss(reduction: r).Call(x.X, x.Y, x.Q))
            .Takes("gaussian, one variance a row", Vectors, (x, r) => Functional.GaussianNLLLoss(x.X, x.Y, x.Q.Mean(-1), reduction: r),
                (x, r) => new GaussianNLLLoss(reduction: r).Call(x.X, x.Y, x.Q.Mean(-1)))
            .Torch("gaussian_nll_loss(input, target, var, full=False, eps=1e-6, reduction='mean')",
                a => Functional.GaussianNLLLoss(a["input"], a["target"], a["var"], a.Flag("full"), a.Real("eps"), ReductionOf(a)))
            .Edge("gaussian of an infinite variance",
                x => Functional.GaussianNLLLoss(s_zeros, s_ones, x, reduction: None), [Inf, 1], [Inf, 0.5], [0, 0])
            .Edge("gaussian below eps", x => Functional.GaussianNLLLoss(s_zeros, s_zeros, x, eps: 0.25, reduction: None),
                [0, 0.25], [Math.Log(0.5), Math.Log(0.5)], [2, 2])
            .Misuse<ValueException>("GaussianNLLLoss: eps is 0…", () => Functional.GaussianNLLLoss(s_scores, s_scores, s_scores.Abs(), eps: 0))
            .Misuse<ValueException>("GaussianNLLLoss: var has the negative element -2…",
                () => Functional.GaussianNLLLoss(s_scores, s_scores, s_scores))
            .Misuse<ShapeException>("GaussianNLLLoss: var has shape [1]…", () => Functional.GaussianNLLLoss(s_scalar, s_scalar, F(1)))
            .Misuse<ShapeException>("GaussianNLLLoss: target has shape [3], which does not broadcast to the shape of the losses, [3, 1]…",
                () => Functional.GaussianNLLLoss(s_vector.Unsqueeze(1), s_vector, s_vector.Unsqueeze(1)))
            .Misuse<ShapeException>("GaussianNLLLoss: target has shape [3, 1], which does not broadcast to the shape of the losses, [3]…",
                () => Functional.GaussianNLLLoss(s_vector, s_vector.Unsqueeze(1), s_vector))
            .Misuse<ShapeException>("GaussianNLLLoss: target has shape [1, 3], which does not broadcast to the shape of the losses, [3, 1]…",
                () => Functional.GaussianNLLLoss(s_vector.Unsqueeze(1), s_vector.Unsqueeze(0), s_vector)),
        Loss<PoissonNLLLoss>().Guide("counts")
            .Sample(new PoissonNLLLoss(), s_matrix, s_positive)
            .Case("poisson", x => Functional.PoissonNLLLoss(x, s_probabilities, full: true),
                x => new PoissonNLLLoss(full: true).Call(x, s_probabilities))
            .Takes("poisson", Broadcasting, (x, r) => Functional.PoissonNLLLoss(x.X, x.Q, reduction: r),
                (x, r) => new PoissonNLLLoss(reduction: r).Call(x.X, x.Q))
            .Torch("poisson_nll_loss(input, target, log_input=True, full=False, eps=1e-8, reduction='mean')",
                a => Functional.PoissonNLLLoss(a["input"], a["target"], a.Flag("log_input"), a.Flag("full"), a.Real("eps"), ReductionOf(a)))
            .Edge("poisson of a count 0", x => Functional.PoissonNLLLoss(x, s_ones, logInput: false, eps: 0.25, reduction: None),
                [0, 0.75], [Math.Log(4), 0.75], [-3, 0])
            .Misuse<DTypeException>("PoissonNLLLoss: input is Int64…", () => Functional.PoissonNLLLoss(s_whole, s_scores)),
    ];

    private static LossRow[] DistributionRows() =>
    [
        Loss<KLDivLoss>().Guide("probabilities or their logarithms", note: "also reduction BatchMean, the mean of the definition")
            .Sample(new KLDivLoss(), s_matrix, s_fractions)
            .Case("kl", x => Functional.KLDiv(x, s_probabilities, Reduction.BatchMean),
                x => new KLDivLoss(Reduction.BatchMean).Call(x, s_probabilities))
            .Case("kl by its target", x => Functional.KLDiv(s_other, x.Softmax(-1)), x => new KLDivLoss().Call(s_other, x.Softmax(-1)))
            .Takes("kl", Broadcasting, (x, r) => Functional.KLDiv(x.X, x.Q, r), (x, r) => new KLDivLoss(r).Call(x.X, x.Q))
            .Torch("kl_div(input, target, reduction='mean', log_target=False)",
                a => Functional.KLDiv(a["input"], a["target"], ReductionOf(a), a.Flag("log_target")))
            .Edge("kl of a target 0", x => Functional.KLDiv(x, s_zeros, None), [-Inf, -1], [double.NaN, 0], [0, 0])
            .Misuse<DTypeException>("KLDivLoss: input is Int64…", () => Functional.KLDiv(s_whole, s_scores))
            .Misuse<DTypeException>("KLDivLoss: target is Int64…", () => Functional.KLDiv(s_scores, s_whole))
            .Misuse<ShapeException>("KLDivLoss: a scalar has no batch for BatchMean…",
                () => Functional.KLDiv(s_scalar, s_scalar, Reduction.BatchMean)),
        Function("Entropy")
            .Case("entropy", x => Functional.Entropy(x.Softmax(-1)).Sum())
            .Edge("entropy of a certain class", x => Functional.Entropy(x), [0, 1], [0], [Inf, -1]),
        Function("KlDivergence")
            .Case("divergence", x => Functional.KlDivergence(x.Softmax(-1), s_other).Sum()),
    ];
}
