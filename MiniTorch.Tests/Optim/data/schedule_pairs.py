"""Writes schedule_pairs.json.gz beside itself: the rates and momenta of two of PyTorch's schedules that are chained, or follow one another in a
SequentialLR, for every ordered pair. Made with 1.13."""
import gzip
import itertools
import json
import pathlib
import warnings

import torch
from torch.optim import lr_scheduler

warnings.simplefilter("ignore")

STEPS, RATES, MILESTONE = 12, [0.5, 0.2], 4
METRICS = [1, 0.9, 0.9, 0.95, 0.9, 0.5, 0.6, 0.55, 0.7, 0.4, 0.45, 0.5]

# Two sets of arguments, for the first and the second of a pair. OneCycleLR keeps some in the optimiser's groups, where a second one overwrites them: one set.
ONE_CYCLE = {"max_lr": 0.8, "epochs": 3, "steps_per_epoch": 5, "pct_start": 0.4}
SCHEDULES = {
    "StepLR": [{"step_size": 3, "gamma": 0.5}, {"step_size": 1, "gamma": 0.8}],
    "MultiStepLR": [{"milestones": [2, 5, 5], "gamma": 0.3}, {"milestones": [0, 3], "gamma": 0.5}],
    "ExponentialLR": [{"gamma": 0.9}, {"gamma": 0.7}],
    "ConstantLR": [{"factor": 0.1, "total_iters": 2}, {"factor": 0.25, "total_iters": 5}],
    "LinearLR": [{"start_factor": 0.25, "total_iters": 4}, {"start_factor": 1, "end_factor": 0.2, "total_iters": 6}],
    "PolynomialLR": [{"total_iters": 6, "power": 2}, {"total_iters": 20, "power": 0.5}],
    "LambdaLR": [{"lr_lambda": "min(1, (epoch+1)/10)"}, {"lr_lambda": "0.9**epoch"}],
    "MultiplicativeLR": [{"lr_lambda": "0.95"}, {"lr_lambda": "1/(epoch+1)"}],
    "CosineAnnealingLR": [{"T_max": 5}, {"T_max": 3}],
    "CosineAnnealingWarmRestarts": [{"T_0": 3, "T_mult": 2}, {"T_0": 4, "eta_min": 0.001}],
    "OneCycleLR": [ONE_CYCLE, ONE_CYCLE],
    "CyclicLR": [{"base_lr": 0.1, "max_lr": 0.6, "step_size_up": 3, "mode": "triangular2"}, {"base_lr": 0.05, "max_lr": 0.3, "step_size_up": 2, "step_size_down": 4}],
    "ReduceLROnPlateau": [{"patience": 1, "factor": 0.5}, {"mode": "min", "patience": 0, "factor": 0.1, "cooldown": 1, "threshold_mode": "abs", "threshold": 0.01}],
}


def schedule(name, optimizer, config):
    config = dict(config)
    if "lr_lambda" in config:
        config["lr_lambda"] = eval("lambda epoch: " + config["lr_lambda"])
    return getattr(lr_scheduler, name)(optimizer, **config)


def row(kind, names):
    parameters = [torch.nn.Parameter(torch.ones(1)) for _ in RATES]
    optimizer = torch.optim.SGD([{"params": [p], "lr": lr} for p, lr in zip(parameters, RATES)], lr=1, momentum=0.9)
    configs = [SCHEDULES[name][i] for i, name in enumerate(names)]
    schedules = [schedule(name, optimizer, config) for name, config in zip(names, configs)]
    if kind == "sequential":
        schedules = [lr_scheduler.SequentialLR(optimizer, schedules, [MILESTONE])]
    rates, momenta = [], []
    for step in range(STEPS):
        rates.append([group["lr"] for group in optimizer.param_groups])
        momenta.append(optimizer.param_groups[0]["momentum"])
        for one in schedules:
            one.step(METRICS[step]) if isinstance(one, lr_scheduler.ReduceLROnPlateau) else one.step()
    return {"kind": kind, "schedules": [{"scheduler": name, "config": config} for name, config in zip(names, configs)], "rates": rates, "momenta": momenta}


def main():
    pairs = list(itertools.product(SCHEDULES, repeat=2))
    rows = [row("chained", pair) for pair in pairs]
    rows += [row("sequential", pair) for pair in pairs if "ReduceLROnPlateau" not in pair]
    written = {"base_lrs": RATES, "milestone": MILESTONE, "metrics": METRICS, "rows": rows}
    path = pathlib.Path(__file__).with_name("schedule_pairs.json.gz")
    path.write_bytes(gzip.compress(json.dumps(written).encode(), mtime=0))
    assert all(0 <= rate < 10 for r in rows for rates in r["rates"] for rate in rates)


main()
