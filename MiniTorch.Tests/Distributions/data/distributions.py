#!/usr/bin/env python3
"""Writes distributions.json.gz: what torch.distributions computes. Run it in this folder with PyTorch 1.13."""
import gzip, json, math
import mpmath as mp
import torch
import torch.distributions as D

torch.set_num_threads(1)
FAMILIES = [
    ("Normal", D.Normal, [[[0.5], [-1.25]], [1.0, 0.3, 2.5]], [0.75, -2.0, 0.1]),
    ("Uniform", D.Uniform, [[[-1.0], [0.25]], [1.5, 2.0, 3.0]], [0.5, 1.0, 0.3]),
    ("Exponential", D.Exponential, [[0.5, 1.0, 4.0]], [0.0, 2.0, 0.7]),
    ("Gamma", D.Gamma, [[[0.3], [2.5]], [1.0, 0.5, 3.0]], [0.2, 1.0, 7.5]),
    ("Beta", D.Beta, [[[0.4], [3.0]], [1.0, 2.0, 0.7]], [0.2, 0.5, 0.95]),
    ("Dirichlet", D.Dirichlet, [[[0.5, 1.5, 3.0], [1.0, 1.0, 1.0]]], [0.2, 0.3, 0.5]),
    ("Bernoulli", lambda p: D.Bernoulli(probs=p), [[0.0, 0.25, 1.0, 0.9]], [0.0, 1.0, 1.0, 0.0]),
    ("Bernoulli logits", lambda l: D.Bernoulli(logits=l), [[-30.0, 0.5, 2.0]], [0.0, 1.0, 1.0]),
    ("Categorical", lambda p: D.Categorical(probs=p), [[[1.0, 2.0, 3.0], [0.0, 0.5, 0.5]]], [2, 1]),
    ("Categorical logits", lambda l: D.Categorical(logits=l), [[[1.0, -2.0, 0.5], [0.0, 30.0, 0.5]]], [0, 1]),
]
OTHERS = {"Normal": [[0.0], [1.5]], "Uniform": [[-1.0], [4.0]], "Exponential": [[2.0]], "Gamma": [[1.5], [0.8]], "Beta": [[2.0], [0.6]],
          "Dirichlet": [[2.0, 0.5, 1.0]], "Bernoulli": [[0.3]], "Bernoulli logits": [[0.2]], "Categorical": [[0.2, 0.5, 0.3]],
          "Categorical logits": [[0.5, 0.5, 0.0]]}


def flat(t):
    return [x if math.isfinite(x) else "NaN" if math.isnan(x) else "Infinity" if x > 0 else "-Infinity" for x in t.double().reshape(-1).tolist()]


def table(t):
    return {"shape": list(t.shape), "data": flat(t.detach())}


rows = []
for name, family, values, at in FAMILIES:
    row = {"name": name, "parameters": [], "other": [], "value": None}
    parameters = [torch.tensor(v, dtype=torch.float64, requires_grad=True) for v in values]
    d = family(*parameters)
    value = torch.tensor(at, dtype=torch.int64 if "Cat" in name else torch.float64)
    others = [torch.tensor(v, dtype=torch.float64) for v in OTHERS[name]]
    if not d.event_shape and "Cat" not in name:
        others = [v.expand(d.batch_shape) for v in others]
    row["parameters"], row["other"], row["value"] = [table(p) for p in parameters], [table(p) for p in others], table(value)
    for key, result in (("log_prob", d.log_prob(value)), ("entropy", d.entropy()), ("kl", D.kl_divergence(d, family(*others))),
                        ("mean", d.mean), ("variance", d.variance)):
        gradients = torch.autograd.grad(result.sum(), parameters, allow_unused=True, retain_graph=True) if result.requires_grad else [None] * len(parameters)
        row[key] = table(result) | {"gradients": [None if g is None else table(g) for g in gradients]}
    row["samples"] = []
    for dtype in (torch.float32, torch.float64):
        for shape in ((), (2,), (7,)):
            torch.manual_seed(17)
            drawn = family(*[p.detach().to(dtype) for p in parameters]).sample(torch.Size(shape))
            row["samples"].append({"dtype": str(dtype)[6:], "sample_shape": list(shape)} | table(drawn))
    if name in ("Normal", "Uniform", "Exponential", "Gamma"):
        torch.manual_seed(17)
        drawn = d.rsample((3,))
        row["rsample"] = table(drawn) | {"gradients": [table(g) for g in torch.autograd.grad((drawn * drawn).sum(), parameters)]}
    rows.append(row)

# dx/da of a draw x of Gamma(a, 1) at a fixed cumulative probability, by central differences with 60 digits
mp.mp.dps = 60
gamma = []
for a in (0.01, 0.3, 1.0, 2.5, 10.0, 80.0, 1500.0):
    for z in (-2.3, -0.5, 0.0, 1.3, 4.0):
        x = mp.mpf(a + z * math.sqrt(a) if a + z * math.sqrt(a) > 0 else a * math.exp(3 * z))
        h = mp.mpf(10) ** -15
        slope = -(mp.gammainc(a + h, 0, x, regularized=True) - mp.gammainc(a - h, 0, x, regularized=True)) / (2 * h)
        gamma.append([a, float(x), float(slope / (x ** (mp.mpf(a) - 1) * mp.e ** -x / mp.gamma(a)))])

draws = []
for code in ("torch.normal(torch.tensor([[1., 2, 3], [4, 5, 6]]), torch.tensor([0.5, 1, 0]))", "torch.normal(2., 3., (20,))",
             "torch.normal(torch.arange(18.), torch.full((18,), 2.))", "torch.multinomial(torch.tensor([[1., 2, 0, 4], [5, 1, 1, 0]]), 3)",
             "torch.multinomial(torch.tensor([[1., 2, 0, 4], [5, 1, 1, 0]]), 6, replacement=True)",
             "torch.bernoulli(torch.tensor([[0.1, 0.5], [0.9, 1]]))", "torch.bernoulli(torch.linspace(0, 1, 40))"):
    torch.manual_seed(23)
    draws.append({"code": code} | table(eval(code)))

with gzip.GzipFile("distributions.json.gz", "wb", mtime=0) as f:
    f.write(json.dumps({"rows": rows, "gamma": gamma, "draws": draws}).encode())
