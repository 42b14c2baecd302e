"""Writes optimizers.json.gz beside itself: 20 steps of PyTorch's RAdam, Rprop and ASGD on two problems, in the form of
Conformance/data/optimizers.json. Made with 1.13; the default dtype is float64, so that ASGD's rates are not rounded to float32."""
import gzip
import json
import pathlib

import torch

torch.set_default_dtype(torch.float64)

STEPS = 20
CONFIGS = {
    "RAdam": [{}, {"lr": 0.1}, {"lr": 0.05, "betas": [0.8, 0.9]}, {"lr": 0.1, "betas": [0.9, 0.99], "weight_decay": 0.1}, {"lr": 0.1, "eps": 0.01},
              {"lr": 0.1, "betas": [0.5, 0.5]}],
    "Rprop": [{}, {"lr": 0.3}, {"lr": 0.1, "etas": [0.3, 1.5]}, {"lr": 0.1, "step_sizes": [0.05, 0.2]}, {"lr": 0.1, "maximize": True}],
    "ASGD": [{}, {"lr": 0.1}, {"lr": 0.1, "lambd": 0.05, "alpha": 0.5}, {"lr": 0.1, "t0": 5}, {"lr": 0.1, "t0": 0, "weight_decay": 0.1},
             {"lr": 0.05, "t0": 3, "maximize": True}],
}


def tensor(name, value):
    return {"name": name, "dtype": "float64", "shape": list(value.shape), "data": value.flatten().tolist()}


def rounded(value):
    return (value * 1000).round() / 1000


def problem(name, seed):
    generator = torch.Generator().manual_seed(seed)
    def draw(*shape):
        return rounded(torch.randn(*shape, generator=generator))
    if name == "quadratic":
        root = draw(4, 4)
        return {"A": rounded(root @ root.T / 4 + 0.5 * torch.eye(4)), "b": draw(4)}, {"x": draw(4)}
    return {"X": draw(8, 3), "y": (draw(8) > 0).double()}, {"w": draw(3), "c": draw(1)}


def loss(name, data, parameters):
    first, second = data.values()
    if name == "quadratic":
        x, = parameters
        return 0.5 * (x * (first @ x)).sum() - (second * x).sum()
    w, c = parameters
    return torch.nn.functional.binary_cross_entropy_with_logits(first @ w + c, second)


def row(optimizer, number, config, name, seed):
    data, initial = problem(name, seed)
    parameters = [torch.nn.Parameter(value.clone()) for value in initial.values()]
    one = getattr(torch.optim, optimizer)(parameters, **{key: tuple(value) if isinstance(value, list) else value for key, value in config.items()})
    losses, after = [], []
    for _ in range(STEPS):
        one.zero_grad()
        value = loss(name, data, parameters)
        losses.append(value.item())
        value.backward()
        one.step()
        after.append([parameter.detach().flatten().tolist() for parameter in parameters])
    averages = [one.state[parameter]["ax"].flatten().tolist() for parameter in parameters] if optimizer == "ASGD" else None
    return {"id": f"{optimizer}_{number}_{name}_{seed}", "optimizer": optimizer, "config": config, "problem": name, "seed": seed,
            "data": [tensor(key, value) for key, value in data.items()], "initial": [tensor(key, value) for key, value in initial.items()],
            "loss_before_step": losses, "params_after_step": after, "averages": averages}


def main():
    rows = [row(optimizer, number, config, name, seed) for optimizer, configs in CONFIGS.items() for number, config in enumerate(configs)
            for name, seed in (("quadratic", 21), ("logistic", 22))]
    pathlib.Path(__file__).with_name("optimizers.json.gz").write_bytes(gzip.compress(json.dumps(rows).encode(), mtime=0))


main()
