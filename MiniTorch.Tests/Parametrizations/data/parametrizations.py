#!/usr/bin/env python3
"""Writes parametrizations.json.gz: parametrised layers of PyTorch 1.13. Run it in this folder."""
import gzip, json
import torch
from torch import nn
from torch.nn.utils import parametrizations as P, weight_norm

torch.set_num_threads(1)


def table(t):
    return {"shape": list(t.shape), "data": t.detach().double().reshape(-1).tolist()}


def layer(kind):
    torch.manual_seed(3)
    make = {"square": lambda: nn.Linear(4, 4), "wide": lambda: nn.Linear(5, 3), "tall": lambda: nn.Linear(3, 5), "conv": lambda: nn.Conv2d(3, 4, 2),
            "transposed": lambda: nn.ConvTranspose2d(3, 4, 2)}[kind]
    return make().double()


rows = []
for kind in ("square", "wide", "tall", "conv", "transposed"):
    x = torch.linspace(-1, 2, 2 * 3 * 3 * 3, dtype=torch.float64).reshape(2, 3, 3, 3) if kind in ("conv", "transposed") else \
        torch.linspace(-1, 2, 2 * layer(kind).weight.shape[1], dtype=torch.float64).reshape(2, -1)
    rules = [("spectral", {}), ("weight", {"dim": 0}), ("weight", {"dim": 1}), ("weight", {"dim": None})]
    if kind in ("square", "wide", "tall"):
        rules += [("orthogonal", {"orthogonal_map": m}) for m in ("matrix_exp", "cayley", "householder")]
    for rule, options in rules:
        module = layer(kind)
        torch.manual_seed(5)
        if rule == "weight":
            weight_norm(module, **options)
        else:
            getattr(P, "spectral_norm" if rule == "spectral" else "orthogonal")(module, **options)
            with torch.no_grad():  # so that the maps do not stay at the identity
                if rule == "orthogonal":
                    module.parametrizations.weight.original += 0.1 * torch.arange(module.weight.numel(), dtype=torch.float64).reshape(module.weight.shape).tril(-1)
        names = {"weight_g": "parametrizations.weight.original0", "weight_v": "parametrizations.weight.original1"}
        outputs = [module(x) for _ in range(2)]
        (outputs[0] * outputs[1]).sum().backward()
        row = {"kind": kind, "rule": rule, "options": options, "x": table(x), "outputs": [table(y) for y in outputs],
               "state": {names.get(n, n): table(t) for n, t in module.state_dict().items()},
               "gradients": {names.get(n, n): table(p.grad) for n, p in module.named_parameters()}}
        module.eval()
        row["evaluated"] = table(module(x))
        rows.append(row)

with gzip.GzipFile("parametrizations.json.gz", "wb", mtime=0) as f:
    f.write(json.dumps(rows).encode())
