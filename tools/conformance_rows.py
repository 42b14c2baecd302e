#!/usr/bin/env python3
"""Computes further conformance rows with PyTorch 1.13: errors and results of calls, schedules, optimisers and losses with options at random.

    python3 tools/conformance_rows.py FOLDER        writes FOLDER/*.json, which MINITORCH_CONFORMANCE=FOLDER makes the tests read
"""
import itertools, json, math, os, random, re, sys, warnings
import torch
import torch.nn.functional as F

warnings.simplefilter("ignore")
torch.set_num_threads(1)
DTYPES = {"f32": torch.float32, "f64": torch.float64, "i64": torch.int64, "u8": torch.uint8, "bool": torch.bool}


def literal(dtype, shape, data=None):
    if data is not None:
        return torch.tensor(data, dtype=DTYPES[dtype]).reshape(shape)
    count = math.prod(shape)
    if dtype == "f32":
        return (torch.arange(1, count + 1) * 0.1).reshape(shape)
    return torch.full(shape, 1 / 3, dtype=torch.float64) if dtype == "f64" else torch.ones(shape, dtype=DTYPES[dtype])


def evaluate(call):
    code = re.sub(r"\b(f32|f64|i64|u8|bool)\[([\d, ]*)\](?:=(\[[^\]]*\]))?",
                  lambda m: f"literal('{m[1]}', ({m[2]}{',' if m[2] else ''}), {m[3]})", call)
    scope = {name: getattr(F, name) for name in dir(F)} | {name: getattr(torch, name) for name in ("tensor", "zeros", "ones", "full", "matmul", "cat", "stack")}
    return eval(code, scope | {"literal": literal, "torch": torch, "F": F, "nan": math.nan, "inf": math.inf})


def tensor(name, value):
    names = {torch.float32: "float32", torch.float64: "float64", torch.int64: "int64", torch.bool: "bool"}
    data = [number(x) for x in (value.long() if value.dtype == torch.bool else value.detach()).reshape(-1).tolist()]
    return {"name": name, "dtype": names[value.dtype], "shape": list(value.shape), "data": data}


def number(x):
    return x if math.isfinite(x) else "NaN" if math.isnan(x) else "Infinity" if x > 0 else "-Infinity"


def error_rows():
    calls = [
        "cross_entropy(f32[4,5], i64[4]=[0,4,5,1])", "cross_entropy(f32[4,5], i64[4]=[0,4,-100,1])", "cross_entropy(f32[4,5], i64[4]=[0,4,3,1], ignore_index=3)",
        "cross_entropy(f32[4,5], i64[4]=[0,4,7,1], ignore_index=7, reduction='sum')", "cross_entropy(f32[4,5], i64[4], weight=f32[4])",
        "cross_entropy(f32[4,5], i64[4], weight=f32[5], label_smoothing=0.25)", "cross_entropy(f32[2,3,2], i64[2,2], reduction='none')", "cross_entropy(f32[5], i64[])",
        "cross_entropy(f32[0,3], i64[0])", "cross_entropy(f32[0,3], i64[0], reduction='none')", "cross_entropy(f64[2,3], f64[2,3]=[1,0,0,0,1,0], reduction='sum')",
        "cross_entropy(f32[2,3], i64[2], reduction='average')", "cross_entropy(f32[2,3], i64[2], label_smoothing=7)", "cross_entropy(f32[], i64[])",
        "cross_entropy(input=f32[2,3], target=torch.tensor([2, 0]))", "cross_entropy(torch.zeros(2, 3), torch.tensor([[1.0, 0, 0], [0, 0.5, 0.5]]))",
        "F.nll_loss(f32[2,3], i64[2]=[2,0])", "nll_loss(f32[2,3], i64[2]=[2,3])", "nll_loss(f32[2,3], i64[2], weight=f32[2])", "nll_loss(f32[2,3,4], i64[2,4], reduction='sum')",
        "nll_loss(f32[3], i64[])", "nll_loss(F.log_softmax(f32[2,3], 1), i64[2]=[2,0], ignore_index=0)",
        "binary_cross_entropy(f32[3], f32[3], reduction='none')", "binary_cross_entropy(f32[2]=[0,1], f32[2]=[1,1])", "binary_cross_entropy(f32[2]=[-0.5,1], f32[2])",
        "binary_cross_entropy(torch.full((2, 2), 0.5), torch.ones(2, 2), weight=f32[2])", "binary_cross_entropy(f32[3], f32[4])",
        "binary_cross_entropy_with_logits(f32[2,3], f32[2,3], pos_weight=f32[3], reduction='sum')", "binary_cross_entropy_with_logits(f32[2,3], f32[2,3], weight=f32[2])",
        "binary_cross_entropy_with_logits(f32[3], f32[4])", "mse_loss(f32[2,3], f32[2,3]=[1,2,3,4,5,6], reduction='sum')", "mse_loss(f32[2], f32[3])", "mse_loss(f32[2], f64[2])",
        "l1_loss(f32[3], f32[3]=[1,-1,0], reduction='none')", "l1_loss(f32[4], f32[3])", "smooth_l1_loss(f32[3], f32[3]=[1,-1,0], beta=0.5)", "smooth_l1_loss(f32[3], f32[3], beta=-0.25)",
        "huber_loss(f32[3], f32[3]=[1,-1,4], delta=2)", "huber_loss(f32[3], f32[3], delta=-2)", "kl_div(f32[2,3], f32[2,3], reduction='batchmean')",
        "kl_div(f32[2,3], f32[2,3], log_target=True, reduction='sum')", "kl_div(f32[2,3], f32[2,3], reduction='unknown')", "gaussian_nll_loss(f32[2,3], f32[2,3], f32[2,1]=[0.5,2])",
        "gaussian_nll_loss(f32[2,3], f32[2,3], var=f32[2,3]=[1,1,1,1,1,-1])", "gaussian_nll_loss(f32[2,3], f32[2,3], f32[2], full=True)", "gaussian_nll_loss(f32[2,3], f32[2,3], f32[4])",
        "poisson_nll_loss(f32[3], f32[3], log_input=False, full=True)", "hinge_embedding_loss(f32[2], f32[2]=[1,-1], margin=0.7)", "soft_margin_loss(f32[2], f32[2]=[1,-1])",
        "margin_ranking_loss(f32[3], f32[3]=[1,0,0], f32[3]=[1,-1,1], margin=0.2)", "cosine_embedding_loss(f32[2,3], f32[2,3], f32[2]=[1,-1])", "cosine_embedding_loss(f32[2,3], f32[2,4], f32[2])",
        "multi_margin_loss(f32[2,3], i64[2]=[0,2], p=2, margin=0.5)", "multi_margin_loss(f32[2,3], i64[2]=[0,-1])", "multi_margin_loss(f32[2,3], i64[2], p=3)",
        "multilabel_margin_loss(f32[2,3], i64[2,3]=[0,-1,0,2,1,-1])", "multilabel_margin_loss(f32[2,3], i64[2,2])",
        "multilabel_soft_margin_loss(f32[2,3], f32[2,3]=[1,0,0,1,1,0], reduction='sum')", "triplet_margin_loss(f32[2,3], f32[2,3]=[1,0,1,0,1,0], f32[2,3]=[2,2,2,0,0,0], p=1, swap=True)",
        "triplet_margin_loss(f32[2,3], f32[2,3], f32[2])", "matmul(f32[3], f32[3])", "matmul(f32[2,3], f32[2,3])", "cat([f32[2,3], f32[2,4]], dim=0)",
        "cat([f32[2,3], f32[1,3]], dim=-2)", "stack([f32[2], f32[3]])", "softmax(f32[2,3], dim=2)", "softmax(f32[2,3], dim=-2)",
    ]
    for i, call in enumerate(calls):
        row = {"name": f"more_{i:03}_{re.sub('[^a-z0-9]+', '_', call.lower())[:60]}", "call": call, "raises": False, "type": None, "message": "", "warnings": [], "result": None}
        try:
            row["result"] = tensor("result", evaluate(call))
        except Exception as error:
            row |= {"raises": True, "type": type(error).__name__, "message": str(error)[:200]}
        yield row


def rates(make, steps=30, metrics=None):
    optimizer = torch.optim.SGD([torch.nn.Parameter(torch.ones(1))], lr=0.1, momentum=0.9)
    schedule = make(optimizer)
    used, momentum = [], []
    for step in range(steps):
        used.append(optimizer.param_groups[0]["lr"])
        momentum.append(optimizer.param_groups[0]["momentum"])
        optimizer.step()
        if step + 1 < steps:
            schedule.step(*([metrics[step]] if metrics else []))
    return used, momentum


def schedule_rows():
    L = torch.optim.lr_scheduler
    formulas = [
        "0.1 if epoch >= 5 else 1.0", "lambda epoch: 0.95 ** epoch", "0.5 ** (epoch // 7)", "1 if epoch % 3 == 0 else 0.5", "(epoch < 4) * 0.5 + (epoch >= 4) * 0.25",
        "max(0.05, 1 - epoch / 25)", "0.5 * (1 + math.cos(math.pi * epoch / 29))", "lambda n: min(1.0, (n + 1) / 6) if n < 12 else 1 / math.sqrt(n - 10)",
        "-(-epoch // 4) / 8 + 0.1", "1 / (1 + 0.1 * epoch) if not epoch % 2 and epoch != 8 or epoch > 20 else 0.3", "2 ** -(epoch % 5)", "math.exp(-epoch / 10)",
        "[1, 0.5, 0.1][min(epoch // 10, 2)]", "lambda e: 0.3 if 3 <= e < 9 else abs(e - 15) / 15 + 0.01", "float(round(epoch / 4) + 1) % 3.5 + 0.25", "1e-1 * (5 if epoch in (1, 2, 3) else 7)",
    ]
    for name, formula in itertools.product(("LambdaLR", "MultiplicativeLR"), formulas):
        code = formula if formula.startswith("lambda") else "lambda epoch: " + formula
        function = eval(code, {"math": math})
        used, _ = rates(lambda o: getattr(L, name)(o, function))
        yield {"id": f"{name}_more_{formulas.index(formula)}", "scheduler": name, "base_lr": 0.1, "config": {"lr_lambda": formula}, "lr_used_at_step": used}
    rng = random.Random(1)
    options = {
        "StepLR": lambda: {"step_size": rng.randint(1, 9), "gamma": rng.uniform(0.2, 1)},
        "MultiStepLR": lambda: {"milestones": sorted(rng.sample(range(1, 29), rng.randint(1, 4))), "gamma": rng.uniform(0.2, 1)},
        "ExponentialLR": lambda: {"gamma": rng.uniform(0.5, 1.1)},
        "CosineAnnealingLR": lambda: {"T_max": rng.randint(1, 40), "eta_min": rng.choice([0, 0.01])},
        "CosineAnnealingWarmRestarts": lambda: {"T_0": rng.randint(1, 9), "T_mult": rng.randint(1, 3), "eta_min": rng.choice([0, 0.01])},
        "LinearLR": lambda: {"start_factor": rng.uniform(0.1, 1), "end_factor": rng.uniform(0, 1), "total_iters": rng.randint(1, 25)},
        "ConstantLR": lambda: {"factor": rng.uniform(0.1, 1), "total_iters": rng.randint(1, 25)},
        "PolynomialLR": lambda: {"total_iters": rng.randint(1, 25), "power": rng.choice([0.5, 1, 2])},
        "OneCycleLR": lambda: {"max_lr": rng.uniform(0.2, 2), "pct_start": rng.uniform(0.1, 0.6), "anneal_strategy": rng.choice(["cos", "linear"]), "three_phase": rng.random() < 0.4,
                               "div_factor": rng.choice([5, 25]), "final_div_factor": rng.choice([100, 1e4])} | rng.choice([{"total_steps": 30}, {"epochs": 6, "steps_per_epoch": 5}]),
        "CyclicLR": lambda: {"base_lr": 0.01, "max_lr": rng.uniform(0.05, 0.3), "step_size_up": rng.randint(1, 8), "step_size_down": rng.randint(1, 8),
                             "mode": rng.choice(["triangular", "triangular2", "exp_range"]), "gamma": rng.uniform(0.9, 1), "cycle_momentum": rng.random() < 0.5},
    }
    for name, make in options.items():
        for i in range(5):
            config = make()
            used, momentum = rates(lambda o: getattr(L, name)(o, **config))
            row = {"id": f"{name}_more_{i}", "scheduler": name, "base_lr": 0.1, "config": config, "lr_used_at_step": used}
            yield row | ({"momentum_used_at_step": momentum} if name in ("OneCycleLR", "CyclicLR") else {})
    for i in range(6):
        metrics = [rng.uniform(0.3, 1) for _ in range(30)]
        config = {"mode": rng.choice(["min", "max"]), "factor": rng.uniform(0.2, 0.8), "patience": rng.randint(0, 3), "threshold": rng.choice([1e-4, 0.1]),
                  "threshold_mode": rng.choice(["rel", "abs"]), "cooldown": rng.randint(0, 3), "min_lr": rng.choice([0, 0.01])}
        used, _ = rates(lambda o: L.ReduceLROnPlateau(o, **config), metrics=metrics)
        yield {"id": f"ReduceLROnPlateau_more_{i}", "scheduler": "ReduceLROnPlateau", "base_lr": 0.1, "config": config, "lr_used_at_step": used, "metrics": metrics}
    for first, second in (("ConstantLR", "StepLR"), ("LinearLR", "ExponentialLR"), ("PolynomialLR", "CosineAnnealingLR")):
        one, two, milestone = options[first](), options[second](), rng.randint(2, 9)
        used, _ = rates(lambda o: L.SequentialLR(o, [getattr(L, first)(o, **one), getattr(L, second)(o, **two)], [milestone]))
        yield {"id": f"SequentialLR_more_{first}_{second}", "scheduler": f"SequentialLR({first},{second})", "base_lr": 0.1,
               "config": {"first": one, "second": two, "milestones": [milestone]}, "lr_used_at_step": used}


def loss_rows():
    generator = torch.Generator().manual_seed(7)

    def real(*shape):
        return (torch.randn(shape, generator=generator, dtype=torch.float64) * 1e4).round() / 1e4

    def sign(*shape):
        return torch.randint(0, 2, shape, generator=generator).double() * 2 - 1

    def classes(*shape):
        return torch.randint(0, 4, shape, generator=generator)

    cases = [
        (F.cross_entropy, {"input": real(3, 4, 2), "target": classes(3, 2), "weight": real(4).abs()}, {"ignore_index": 1, "label_smoothing": 0.37}),
        (F.cross_entropy, {"input": real(5, 4), "target": real(5, 4).softmax(1)}, {"label_smoothing": 0.2}),
        (F.nll_loss, {"input": real(5, 4), "target": classes(5), "weight": real(4).abs()}, {"ignore_index": 2}),
        (F.multi_margin_loss, {"input": real(5, 4), "target": classes(5), "weight": real(4).abs()}, {"p": 2, "margin": 0.8}),
        (F.binary_cross_entropy_with_logits, {"input": real(3, 4), "target": real(3, 4).sigmoid(), "weight": real(4).abs(), "pos_weight": real(4).abs()}, {}),
        (F.hinge_embedding_loss, {"input": real(7), "target": sign(7)}, {"margin": 0.4}),
        (F.soft_margin_loss, {"input": real(7), "target": sign(7)}, {}),
        (F.smooth_l1_loss, {"input": real(7), "target": real(7)}, {"beta": 0.33}),
        (F.huber_loss, {"input": real(7), "target": real(7)}, {"delta": 0.77}),
        (F.mse_loss, {"input": real(2, 3), "target": real(2, 3)}, {}),
        (F.l1_loss, {"input": real(2, 3), "target": real(2, 3)}, {}),
        (F.gaussian_nll_loss, {"input": real(3, 4), "target": real(3, 4), "var": real(3).abs() + 0.1}, {"full": True, "eps": 1e-3}),
        (F.poisson_nll_loss, {"input": real(6), "target": real(6).abs() * 3}, {"log_input": True, "full": True, "eps": 1e-6}),
        (F.kl_div, {"input": real(3, 4).log_softmax(1), "target": real(3, 4).softmax(1)}, {}),
        (F.margin_ranking_loss, {"input1": real(6), "input2": real(6), "target": sign(6)}, {"margin": 0.15}),
        (F.cosine_embedding_loss, {"input1": real(4, 3), "input2": real(4, 3), "target": sign(4)}, {"margin": 0.1}),
        (F.triplet_margin_loss, {"anchor": real(4, 3), "positive": real(4, 3), "negative": real(4, 3)}, {"p": 3, "margin": 0.6, "swap": True, "eps": 1e-5}),
    ]
    for (function, inputs, options), reduction in itertools.product(cases, ("none", "mean", "sum")):
        leaves = {name: value.clone() for name, value in inputs.items()}
        wanted = [name for name in leaves if name in ("input", "input1", "input2", "anchor", "positive", "negative")]
        for name in wanted:
            leaves[name].requires_grad_()
        output = function(**leaves, **options, reduction=reduction)
        cotangent = real(*output.shape)
        gradients = torch.autograd.grad((output * cotangent).sum(), [leaves[name] for name in wanted])
        yield {"id": f"{function.__name__}/more_{reduction}_{len(options)}{len(inputs)}", "op": function.__name__, "dtype": "float64", "tags": ["more"],
               "config": options | {"reduction": reduction}, "inputs": [tensor(name, value) for name, value in inputs.items()], "outputs": [tensor("out", output)],
               "cotangents": [tensor("out", cotangent)], "grads": [tensor(name, g) for name, g in zip(wanted, gradients)], "rtol": 1e-9, "atol": 1e-10, "grad_atol": 1e-10}


def op_rows():
    generator = torch.Generator().manual_seed(11)
    nan, inf = math.nan, math.inf

    def real(*shape):
        return (torch.randn(shape, generator=generator, dtype=torch.float64) * 1e4).round() / 1e4

    def ints(high, *shape):
        return torch.randint(0, high, shape, generator=generator)

    def regular(*shape):
        size = min(shape[-2:])
        spread = torch.zeros(shape[-2:], dtype=torch.float64)
        spread[range(size), range(size)] = torch.arange(size, dtype=torch.float64) * 4 + 5
        return real(*shape) + spread

    def f64(*values):
        return torch.tensor(values, dtype=torch.float64)

    L = torch.linalg

    def cholesky_solve(b, l, upper=False):  # its derivative reads the triangle that is not used
        return torch.cholesky_solve(b, l.triu() if upper else l.tril(), upper)

    def cond(a, p=None):  # 1.13 overwrites what the derivative of its own needs
        return L.cond(a, p) if p in (None, 2, -2) else L.matrix_norm(a, p) * L.matrix_norm(L.inv(a), p)

    functions = {
        "bincount": torch.bincount, "bucketize": torch.bucketize, "cholesky_solve": cholesky_solve,
        "cond": cond, "cond_named": cond, "cov": torch.cov, "cross": L.cross, "cummax": torch.cummax, "cummin": torch.cummin, "diag": torch.diag,
        "diff": lambda x, prepend=None, append=None, **o: torch.diff(x, prepend=prepend, append=append, **o), "isin": torch.isin, "kron": torch.kron, "lstsq": lambda a, b: L.lstsq(a, b, driver="gelsd"), "matrix_exp": L.matrix_exp,
        "meshgrid": lambda a, b, c, indexing: torch.meshgrid(a, b, c, indexing=indexing), "nan_to_num": torch.nan_to_num, "nanmean": torch.nanmean,
        "nanmedian": torch.nanmedian, "nanquantile": torch.nanquantile, "nansum": torch.nansum, "pinv": lambda a, rcond=None: L.pinv(a, rtol=rcond),
        "quantile": torch.quantile, "rot90": torch.rot90, "searchsorted": torch.searchsorted, "solve_triangular": L.solve_triangular, "tile": torch.tile,
        "unflatten": lambda x, dim, sizes: x.unflatten(dim, sizes), "unique": lambda x, dim=None: torch.unique(x, return_inverse=True, return_counts=True, dim=dim),
        "unique_consecutive": lambda x, dim=None: torch.unique_consecutive(x, return_inverse=True, return_counts=True, dim=dim),
    }
    holes = real(4, 5)
    holes[0, 1] = holes[2] = holes[3, 4] = nan
    special = f64(1, inf, nan, -inf, -0.0)
    lines = [(real(2, 5), 1), (real(3, 2, 4), -2), (ints(3, 6).double(), 0), (f64(1, nan, 3, nan, 2), 0)]
    quantiles = [0.02, 0.13, 0.5, 0.77, 1.0]
    kinds = ("linear", "lower", "higher", "nearest", "midpoint")
    sorted_rows = real(3, 6).sort(-1).values
    cases = [
        ("bincount", {"x": ints(5, 9)}, {}), ("bincount", {"x": ints(5, 9), "weights": real(9)}, {"minlength": 8}), ("bincount", {"x": ints(4, 6), "weights": ints(3, 6)}, {}),
        *[(name, {"x": x}, {"dim": dim}) for name in ("cummax", "cummin") for x, dim in lines],
        ("diff", {"x": real(2, 5)}, {}), ("diff", {"x": real(4, 3)}, {"n": 2, "dim": 0}), ("diff", {"x": ints(9, 6)}, {"n": 3}), ("diff", {"x": ints(2, 6).bool()}, {}),
        ("diff", {"x": real(2, 3), "prepend": real(2, 1), "append": real(2, 2)}, {"n": 2, "dim": -1}),
        ("isin", {"x": ints(6, 3, 4), "test": ints(6, 3)}, {}), ("isin", {"x": f64(1, nan, 2), "test": f64(nan, 2)}, {}),
        *[(name, {"x": x}, config) for name in ("nanmean", "nansum") for x, config in [(holes[:2], {"dim": 1}), (holes, {"dim": 0, "keepdim": True}), (special, {})]],
        *[("nanmedian", {"x": x}, {"dim": dim, "keepdim": keep}) for x, dim, keep in ((holes[:2], 1, False), (holes, -2, True))], ("nanmedian", {"x": ints(9, 2, 5)}, {"dim": 1}),
        *[(name, {"x": x, "q": f64(*quantiles)}, {"dim": dim, "keepdim": keep, "interpolation": kind}) for name in ("quantile", "nanquantile") for kind in kinds
          for x, dim, keep in ((real(2, 5), 1, False), (holes, -1, True), (real(3, 2, 2), 0, False))],
        ("quantile", {"x": real(3, 4), "q": torch.tensor(0.3, dtype=torch.float64)}, {}), ("quantile", {"x": real(3, 4), "q": f64(0.3)}, {"keepdim": True}),
        ("nanquantile", {"x": holes, "q": torch.tensor(0.61, dtype=torch.float64)}, {"keepdim": True}),
        *[("searchsorted", {"sorted": a, "values": v}, {"right": right}) for right in (False, True) for a, v in
          ((sorted_rows, real(3, 4)), (sorted_rows[0], real(2, 3)), (f64(1, 1, 2, 2, nan), f64(0, 1, 2, 3, nan, inf, -inf)), (ints(5, 7).sort().values, ints(7, 2, 3)))],
        ("bucketize", {"x": real(2, 3), "boundaries": sorted_rows[1]}, {}), ("bucketize", {"x": ints(5, 2, 3), "boundaries": torch.arange(5)}, {"right": True}),
        ("unique", {"x": ints(4, 3, 4)}, {}), ("unique", {"x": f64(2, -0.0, 0, inf, -inf, 2)}, {}), ("unique", {"x": ints(2, 6, 2)}, {"dim": 0}),
        ("unique", {"x": ints(2, 2, 5, 2)}, {"dim": 1}), ("unique", {"x": ints(2, 7).bool()}, {}),
        ("unique_consecutive", {"x": ints(2, 9)}, {}), ("unique_consecutive", {"x": ints(2, 3, 6)}, {"dim": 1}),
        ("nan_to_num", {"x": special}, {}), ("nan_to_num", {"x": special.float()}, {}), ("nan_to_num", {"x": special}, {"nan": 1.5, "posinf": 2.5, "neginf": -7.0}),
        ("meshgrid", {"a": real(2), "b": real(3), "c": real(2)}, {"indexing": "ij"}), ("meshgrid", {"a": real(2), "b": real(3), "c": real(4)}, {"indexing": "xy"}),
        ("tile", {"x": real(2, 3)}, {"dims": [2]}), ("tile", {"x": real(3)}, {"dims": [2, 3]}), ("rot90", {"x": real(2, 3, 2)}, {"k": 3, "dims": [2, 0]}),
        ("diag", {"x": real(3)}, {"diagonal": -1}), ("diag", {"x": real(3, 4)}, {"diagonal": 1}), ("unflatten", {"x": real(2, 6)}, {"dim": 1, "sizes": [3, -1]}),
        ("kron", {"a": real(2, 3), "b": real(3)}, {}), ("cov", {"x": real(3, 5)}, {"correction": 0}), ("cov", {"x": real(4)}, {}), ("cross", {"a": real(2, 3), "b": real(2, 3)}, {}),
        ("cross", {"a": real(3, 2), "b": real(3, 2)}, {"dim": 0}),
        *[("solve_triangular", {"a": regular(2, 3, 3), "b": real(*((2, 3, 2) if left else (2, 2, 3)))}, {"upper": upper, "left": left, "unitriangular": unit})
          for upper in (False, True) for left in (False, True) for unit in (False, True)],
        *[("cholesky_solve", {"b": real(2, 3, 2), "l": regular(2, 3, 3)}, {"upper": upper}) for upper in (False, True)],
        ("lstsq", {"a": regular(2, 4, 2), "b": real(2, 4, 3)}, {}), ("lstsq", {"a": real(5, 3), "b": real(5, 1)}, {}), ("lstsq", {"a": real(2, 4), "b": real(2, 2)}, {}),
        ("pinv", {"a": regular(4, 2)}, {}), ("pinv", {"a": real(2, 3, 5)}, {}), ("pinv", {"a": regular(3, 3)}, {"rcond": 1e-3}), ("matrix_exp", {"a": real(3, 3)}, {}),
        ("matrix_exp", {"a": real(2, 2, 2) * f64(0.01, 9).reshape(2, 1, 1)}, {}), ("cond", {"a": regular(4, 3)}, {}),
        *[("cond", {"a": regular(2, 3, 3)}, {"p": p}) for p in (2, -2, 1, -1)],
        *[("cond_named", {"a": regular(2, 3, 3)}, {"p": p}) for p in ("fro", "nuc")],
    ]
    for i, (name, inputs, config) in enumerate(cases):
        leaves = {key: value.clone() for key, value in inputs.items()}
        wanted = [key for key, value in leaves.items() if value.dtype == torch.float64 and name not in ("bincount", "unique")]  # these have no gradient
        for key in wanted:
            leaves[key].requires_grad_()
        outputs = functions[name](*leaves.values(), **config)
        outputs = [outputs] if torch.is_tensor(outputs) else list(outputs)
        cotangents = [real(*o.shape) if o.requires_grad and o.numel() else None for o in outputs]
        row = {"id": f"{name}/more_{i}", "op": name, "dtype": "float64", "tags": ["special"], "config": config, "inputs": [tensor(key, value) for key, value in inputs.items()],
               "outputs": [tensor("out", o) for o in outputs], "cotangents": [c if c is None else tensor("out", c) for c in cotangents], "grads": [],
               "rtol": 1e-9, "atol": 1e-10, "grad_atol": 1e-9}
        if any(c is not None for c in cotangents):
            loss = sum((o * c).sum() for o, c in zip(outputs, cotangents) if c is not None)
            gradients = [torch.zeros_like(leaves[key]) if g is None else g for key, g in
                         zip(wanted, torch.autograd.grad(loss, [leaves[key] for key in wanted], create_graph=True, allow_unused=True))]
            tangents = [real(*g.shape) for g in gradients]
            slope = sum((g * t).sum() for g, t in zip(gradients, tangents))
            second = torch.autograd.grad(slope, [leaves[key] for key in wanted], allow_unused=True) if slope.requires_grad else [None] * len(wanted)
            second = [torch.zeros_like(t) if s is None else s for s, t in zip(second, tangents)]
            row["grads"] = [tensor(key, g) for key, g in zip(wanted, gradients)]
            row["hvp"] = {"tangents": [tensor(key, t) for key, t in zip(wanted, tangents)], "results": [tensor(key, s) for key, s in zip(wanted, second)]}
        yield row


def main():
    folder = sys.argv[1]
    os.makedirs(folder, exist_ok=True)
    for name, rows in (("errors_losses", error_rows()), ("lr_schedulers", schedule_rows()), ("losses", loss_rows()), ("ops", op_rows())):
        rows = list(rows)
        with open(f"{folder}/{name}.json", "w") as file:
            file.write("[" + ",\n".join(json.dumps(row, allow_nan=False) for row in rows) + "]\n")
        print(f"{name}: {len(rows)} rows")


main()
