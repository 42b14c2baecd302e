"""Writes texts.json.gz beside itself: how PyTorch prints the layers of layers.json.gz, and models of several. Made with 1.13."""
import gzip
import json
import pathlib
import re

from torch import nn

FLOATS = {"beta", "threshold", "value", "alpha"}  # an int that is given for these is printed as one; MiniTorch has double
here = pathlib.Path(__file__).parent


def argument(name, value):
    if isinstance(value, list):
        return value[0] if len(set(value)) == 1 and name != "normalized_shape" else tuple(value)  # two equal numbers are printed as one
    return float(value) if name in FLOATS else value


def layer(name, args):
    return getattr(nn, name)(**{key: layer(value["layer"], value["args"]) if isinstance(value, dict) else argument(key, value) for key, value in args.items()})


rows, seen = [], set()
for row in json.loads(gzip.decompress((here / "layers.json.gz").read_bytes()))["rows"]:
    name, args = row["layer"], row["args"]
    text = str(layer(name, args)).replace("NonDynamicallyQuantizableLinear", "Linear")
    if args.get("padding") == "valid" or (name, json.dumps(args)) in seen:
        continue  # PyTorch prints "valid"; here it is a padding of 0
    if name == "Softplus" and not args:
        text = "Softplus(beta=1.0, threshold=20.0)"  # as PyTorch 2 has it
    text = re.sub(r"(?<=, )mode=(\w+)", r"mode='\1'", text)  # as PyTorch 2 has it
    seen.add((name, json.dumps(args)))
    rows.append({"layer": name, "args": args, "text": text})

models = {
    "empty": nn.Sequential(),
    "mlp": nn.Sequential(nn.Linear(2, 16), nn.ReLU(), nn.Linear(16, 3, bias=False)),
    "nested": nn.Sequential(nn.Sequential(nn.Conv2d(1, 4, 3, padding=1), nn.BatchNorm2d(4)), nn.Flatten(), nn.Sequential(nn.Dropout(0.25))),
    "list": nn.ModuleList([nn.Tanh(), nn.Linear(1, 1)]),
    "dict": nn.ModuleDict({"left": nn.Linear(1, 2), "right": nn.ModuleList([nn.GELU()])}),
    "loss": nn.CrossEntropyLoss(),
}
written = {"rows": rows, "models": {name: str(model) for name, model in models.items()}}
(here / "texts.json.gz").write_bytes(gzip.compress(json.dumps(written).encode(), mtime=0))
