"""Writes layers.json.gz beside itself: PyTorch's layers, their signatures, and what they compute and differentiate to in float64. Made with 1.13.1."""
import gzip
import inspect
import json
import pathlib

import torch
from torch import nn

torch.set_default_dtype(torch.float64)

LEFT_OUT = {"enable_nested_tensor", "mask_check", "device", "dtype", "self", "inplace", "return_indices", "sparse", "_weight", "min_value", "max_value"}
RECURRENT = [["input_size"], ["hidden_size"], ["num_layers", 1], ["bias", True], ["batch_first", False], ["dropout", 0], ["bidirectional", False]]
WRITTEN = {  # these take *args
    "RNN": RECURRENT[:3] + [["nonlinearity", "tanh"]] + RECURRENT[3:],
    "GRU": RECURRENT,
    "LSTM": RECURRENT + [["proj_size", 0]],
}


def signature(name):
    if name in WRITTEN:
        return WRITTEN[name]
    found = []
    for parameter in inspect.signature(getattr(nn, name)).parameters.values():
        if parameter.name in LEFT_OUT:
            continue
        default = parameter.default
        if default is inspect.Parameter.empty:
            found.append([parameter.name])
        else:
            found.append([parameter.name, default.__name__ if callable(default) else default])
    return found


def tensor(t):
    t = t.detach()
    return {"shape": list(t.shape), "dtype": str(t.dtype)[6:], "data": t.flatten().tolist()}


def tensors(value):
    if torch.is_tensor(value):
        return [value]
    return [t for part in value if part is not None for t in tensors(part)] if isinstance(value, (tuple, list)) else []


def written(value):
    if value is None:
        return None
    return [tensor(part) for part in value] if isinstance(value, (tuple, list)) else tensor(value)


rows = []


def made(layer, args):
    """A layer; an argument {"layer": …, "args": …} is a layer of its own."""
    return getattr(nn, layer)(**{key: made(**value) if isinstance(value, dict) else value for key, value in args.items()})


def call(module, inputs, options):
    """Lengths stand for packing the first input, and padding the output to the same number of steps."""
    if "lengths" not in options:
        return module(*inputs, **options)
    first, lengths = module.batch_first, options["lengths"]
    packed = nn.utils.rnn.pack_padded_sequence(inputs[0], lengths, batch_first=first, enforce_sorted=False)
    output, state = module(packed, *[value for value in inputs[1:] if value is not None])
    return nn.utils.rnn.pad_packed_sequence(output, batch_first=first, total_length=inputs[0].shape[1 if first else 0])[0], state


def row(layer, args, *inputs, mode="train", options=None):
    """mode: train, or eval after one call in training, or plain eval."""
    torch.manual_seed(0)
    module = made(layer, args)
    initial = {name: tensor(value) for name, value in module.state_dict().items()}
    leaves = [t for t in tensors(inputs) if t.dtype == torch.float64]
    for leaf in leaves:
        leaf.requires_grad_()
    if mode == "eval after a call":
        call(module, inputs, options or {})
    module.train(mode == "train")
    given = dict(options or {})
    outputs = tensors(call(module, inputs, given))
    sum((t * torch.cos(torch.arange(t.numel(), dtype=t.dtype)).reshape(t.shape)).sum() for t in outputs).backward()
    rows.append({
        "id": f"{layer}({', '.join(f'{k}={v}' for k, v in args.items())}) {' '.join(str(list(t.shape)) for t in tensors(inputs))}"
              + ("" if mode == "train" else " " + mode) + "".join(f" {k}" for k in given),
        "layer": layer, "args": args, "mode": mode,
        "inputs": [written(value) for value in inputs],
        "options": {name: tensor(value) if torch.is_tensor(value) else value for name, value in given.items()},
        "initial": initial,
        "outputs": [tensor(t) for t in outputs],
        "state": {name: tensor(value) for name, value in module.state_dict().items()},
        "input_gradients": [tensor(torch.zeros_like(t) if t.grad is None else t.grad) for t in leaves],
        "gradients": {name: tensor(value.grad) for name, value in module.named_parameters() if value.grad is not None},
    })


source = torch.Generator().manual_seed(1)


def x(*shape):
    return torch.randn(*shape, generator=source)


def index(*values):
    return torch.tensor(values)


row("Linear", {"in_features": 5, "out_features": 3}, x(2, 5))
row("Linear", {"in_features": 5, "out_features": 3, "bias": False}, x(2, 2, 5))
row("Bilinear", {"in1_features": 3, "in2_features": 4, "out_features": 2}, x(5, 3), x(5, 4))
row("Bilinear", {"in1_features": 3, "in2_features": 4, "out_features": 2, "bias": False}, x(2, 3, 3), x(2, 3, 4))

row("Conv1d", {"in_channels": 4, "out_channels": 6, "kernel_size": 3, "stride": 2, "padding": 1, "dilation": 2, "groups": 2}, x(2, 4, 9))
row("Conv1d", {"in_channels": 2, "out_channels": 3, "kernel_size": 4, "padding": "same", "dilation": 3, "bias": False}, x(2, 2, 10))
row("Conv1d", {"in_channels": 2, "out_channels": 3, "kernel_size": 3, "padding": "valid"}, x(2, 7))
row("Conv2d", {"in_channels": 3, "out_channels": 4, "kernel_size": [3, 2], "stride": [2, 1], "padding": 1}, x(2, 3, 6, 5))
row("Conv2d", {"in_channels": 4, "out_channels": 2, "kernel_size": 2, "padding": [1, 0], "dilation": [1, 2], "groups": 2, "bias": False}, x(2, 4, 4, 5))
row("Conv2d", {"in_channels": 2, "out_channels": 2, "kernel_size": [4, 3], "padding": "same", "dilation": [1, 2]}, x(1, 2, 5, 6))
row("Conv2d", {"in_channels": 2, "out_channels": 2, "kernel_size": 3}, x(2, 4, 5))
for mode in "reflect", "replicate", "circular":
    row("Conv1d", {"in_channels": 2, "out_channels": 2, "kernel_size": 3, "padding": 2, "padding_mode": mode}, x(2, 2, 5))
    row("Conv2d", {"in_channels": 2, "out_channels": 2, "kernel_size": 3, "stride": 2, "padding": [2, 1], "padding_mode": mode}, x(1, 2, 5, 4))
    row("Conv2d", {"in_channels": 1, "out_channels": 2, "kernel_size": [2, 3], "padding": "same", "padding_mode": mode}, x(1, 1, 4, 5))
row("ConvTranspose2d", {"in_channels": 3, "out_channels": 4, "kernel_size": 3, "stride": 2, "padding": 1, "output_padding": 1}, x(2, 3, 4, 5))
row("ConvTranspose2d", {"in_channels": 4, "out_channels": 4, "kernel_size": [2, 3], "groups": 2, "bias": False, "dilation": [2, 1]}, x(1, 4, 3, 3))
row("ConvTranspose2d", {"in_channels": 2, "out_channels": 1, "kernel_size": 2, "stride": [1, 3]}, x(2, 3, 3))

row("MaxPool1d", {"kernel_size": 3}, x(2, 2, 8))
row("MaxPool1d", {"kernel_size": 3, "stride": 2, "padding": 1, "dilation": 2, "ceil_mode": True}, x(2, 10))
row("MaxPool2d", {"kernel_size": 2}, x(1, 2, 5, 4))
row("MaxPool2d", {"kernel_size": [3, 2], "stride": [2, 1], "padding": [1, 0], "dilation": [1, 2], "ceil_mode": True}, x(2, 6, 5))
row("AvgPool1d", {"kernel_size": 2}, x(2, 2, 7))
row("AvgPool1d", {"kernel_size": 3, "stride": 2, "padding": 1, "ceil_mode": True, "count_include_pad": False}, x(2, 8))
row("AvgPool2d", {"kernel_size": 2}, x(1, 2, 5, 4))
row("AvgPool2d", {"kernel_size": 3, "stride": 2, "padding": 1, "ceil_mode": True}, x(1, 2, 6, 5))
row("AvgPool2d", {"kernel_size": [3, 2], "stride": 2, "padding": [1, 1], "ceil_mode": True, "count_include_pad": False}, x(2, 6, 5))
row("AvgPool2d", {"kernel_size": 3, "stride": 2, "padding": 1, "ceil_mode": True, "divisor_override": 5}, x(1, 2, 6, 5))
row("AdaptiveAvgPool1d", {"output_size": 3}, x(1, 2, 7))
row("AdaptiveAvgPool2d", {"output_size": [2, 3]}, x(2, 2, 5, 4))
row("AdaptiveAvgPool2d", {"output_size": 1}, x(2, 3, 3))

row("Upsample", {"scale_factor": 2.0}, x(2, 2, 3))
row("Upsample", {"scale_factor": 1.3}, x(1, 2, 5))  # where sizes stay the same, the gradient of 1.13 is not that of its values
row("Upsample", {"size": [5, 2]}, x(1, 2, 3, 4))
row("Upsample", {"size": 98}, x(1, 1, 2))
row("Upsample", {"scale_factor": 2.5, "mode": "linear"}, x(2, 2, 3))
row("Upsample", {"scale_factor": 1.1, "mode": "linear"}, x(1, 1, 5))
row("Upsample", {"size": 7, "mode": "linear", "align_corners": True}, x(1, 2, 3))
row("Upsample", {"size": [2, 7], "mode": "bilinear"}, x(2, 2, 3, 4))
row("Upsample", {"scale_factor": 2.0, "mode": "bilinear", "align_corners": True}, x(1, 2, 3, 4))
row("Upsample", {"scale_factor": 0.6, "mode": "bilinear", "align_corners": False}, x(1, 1, 5, 4))
row("Upsample", {"size": [1, 3], "mode": "bilinear", "align_corners": True}, x(1, 1, 3, 3))
row("PixelShuffle", {"upscale_factor": 2}, x(2, 8, 2, 3))
row("PixelShuffle", {"upscale_factor": 3}, x(9, 1, 2))
row("PixelUnshuffle", {"downscale_factor": 2}, x(1, 2, 4, 6))

row("BatchNorm1d", {"num_features": 3}, x(4, 3))
row("BatchNorm1d", {"num_features": 3, "eps": 0.1, "momentum": 0.3}, x(4, 3, 2), mode="eval after a call")
row("BatchNorm1d", {"num_features": 3, "momentum": None, "affine": False}, x(4, 3))
row("BatchNorm2d", {"num_features": 2}, x(3, 2, 2, 2))
row("BatchNorm2d", {"num_features": 2, "track_running_stats": False}, x(3, 2, 2, 2), mode="eval")
row("LayerNorm", {"normalized_shape": 3}, x(4, 3))
row("LayerNorm", {"normalized_shape": [2, 3], "eps": 0.1}, x(2, 2, 3))
row("LayerNorm", {"normalized_shape": [3], "elementwise_affine": False}, x(4, 3))
row("GroupNorm", {"num_groups": 2, "num_channels": 4}, x(2, 4, 3))
row("GroupNorm", {"num_groups": 1, "num_channels": 4, "eps": 0.1, "affine": False}, x(2, 4))
row("InstanceNorm1d", {"num_features": 3}, x(2, 3, 4))
row("InstanceNorm1d", {"num_features": 3, "eps": 0.1, "affine": True}, x(3, 4))
row("InstanceNorm1d", {"num_features": 3, "momentum": 0.3, "affine": True, "track_running_stats": True}, x(2, 3, 4))
row("InstanceNorm2d", {"num_features": 2, "affine": True}, x(3, 2, 2, 3))
row("InstanceNorm2d", {"num_features": 2, "track_running_stats": True}, x(3, 2, 2, 3), mode="eval after a call")
row("InstanceNorm2d", {"num_features": 2, "track_running_stats": True}, x(2, 2, 3))
row("Dropout1d", {"p": 0.3}, x(3, 4, 2))
row("Dropout1d", {"p": 0.5}, x(6, 2))
row("Dropout1d", {}, x(3, 4, 2), mode="eval")
row("Dropout2d", {"p": 0.3}, x(3, 4, 2, 2))
row("Dropout2d", {}, x(3, 4, 2))
row("Dropout", {"p": 0.3}, x(5, 5))
row("Dropout", {}, x(5, 5), mode="eval")

row("Embedding", {"num_embeddings": 6, "embedding_dim": 3}, index([0, 5], [2, 2]))
row("Embedding", {"num_embeddings": 6, "embedding_dim": 3, "padding_idx": -1}, index(0, 5, 1))
row("Embedding", {"num_embeddings": 6, "embedding_dim": 3, "max_norm": 1.0}, index([0, 5], [2, 2]))
row("Embedding", {"num_embeddings": 6, "embedding_dim": 3, "padding_idx": 2, "max_norm": 1.5, "norm_type": 1.0, "scale_grad_by_freq": True}, index([0, 5, 0], [2, 2, 0]))

for bias in True, False:
    row("RNNCell", {"input_size": 3, "hidden_size": 4, "bias": bias}, x(2, 3))
    row("LSTMCell", {"input_size": 3, "hidden_size": 4, "bias": bias}, x(2, 3), (x(2, 4), x(2, 4)))
    row("GRUCell", {"input_size": 3, "hidden_size": 4, "bias": bias}, x(2, 3), x(2, 4))
row("RNNCell", {"input_size": 3, "hidden_size": 4, "nonlinearity": "relu"}, x(3), x(4))
row("LSTMCell", {"input_size": 3, "hidden_size": 4}, x(3))
row("RNN", {"input_size": 3, "hidden_size": 4}, x(3, 2, 3))
row("RNN", {"input_size": 3, "hidden_size": 2, "num_layers": 2, "nonlinearity": "relu", "bidirectional": True}, x(3, 2, 3), x(4, 2, 2))
row("GRU", {"input_size": 3, "hidden_size": 2, "num_layers": 2, "batch_first": True, "bias": False}, x(2, 4, 3), x(2, 2, 2))
row("GRU", {"input_size": 3, "hidden_size": 2, "bidirectional": True, "batch_first": True}, x(4, 3), x(2, 2))
row("LSTM", {"input_size": 3, "hidden_size": 2, "num_layers": 2, "dropout": 0.5, "bidirectional": True}, x(3, 2, 3))
row("LSTM", {"input_size": 3, "hidden_size": 2}, x(4, 3), (x(1, 2), x(1, 2)))
row("LSTM", {"input_size": 3, "hidden_size": 4, "num_layers": 2, "bidirectional": True, "proj_size": 2}, x(3, 2, 3), (x(4, 2, 2), x(4, 2, 4)))
row("LSTM", {"input_size": 3, "hidden_size": 3, "bias": False, "batch_first": True, "proj_size": 1}, x(2, 3, 3))
lengths = index(2, 4, 1)
row("RNN", {"input_size": 3, "hidden_size": 2}, x(4, 3, 3), options={"lengths": lengths})
row("RNN", {"input_size": 3, "hidden_size": 2, "bidirectional": True, "batch_first": True}, x(3, 5, 3), x(2, 3, 2), options={"lengths": lengths})
row("GRU", {"input_size": 3, "hidden_size": 2, "num_layers": 2, "bidirectional": True}, x(4, 3, 3), options={"lengths": lengths})
row("GRU", {"input_size": 3, "hidden_size": 2, "num_layers": 2, "dropout": 0.5}, x(4, 3, 3), options={"lengths": lengths})
row("LSTM", {"input_size": 3, "hidden_size": 2, "num_layers": 2, "dropout": 0.5, "bidirectional": True, "batch_first": True}, x(3, 4, 3),
    (x(4, 3, 2), x(4, 3, 2)), options={"lengths": lengths})
row("LSTM", {"input_size": 3, "hidden_size": 3, "bidirectional": True, "proj_size": 1}, x(4, 3, 3), options={"lengths": lengths})

causal = torch.ones(3, 3, dtype=torch.bool).triu(1)
padding = torch.tensor([[False] * 5, [False, False, True, False, True]])
row("MultiheadAttention", {"embed_dim": 4, "num_heads": 2}, x(3, 2, 4), x(5, 2, 4), x(5, 2, 4), options={"key_padding_mask": padding})
row("MultiheadAttention", {"embed_dim": 4, "num_heads": 2, "bias": False, "batch_first": True, "dropout": 0.4}, x(2, 3, 4), x(2, 3, 4), x(2, 3, 4),
    options={"attn_mask": causal, "average_attn_weights": False})
row("MultiheadAttention", {"embed_dim": 4, "num_heads": 2, "kdim": 3, "vdim": 5}, x(3, 2, 4), x(5, 2, 3), x(5, 2, 5))
row("MultiheadAttention", {"embed_dim": 4, "num_heads": 2, "kdim": 3}, x(3, 4), x(5, 3), x(5, 4), options={"key_padding_mask": padding[1]})
row("MultiheadAttention", {"embed_dim": 4, "num_heads": 2, "add_bias_kv": True}, x(3, 2, 4), x(5, 2, 4), x(5, 2, 4), options={"key_padding_mask": padding})
row("MultiheadAttention", {"embed_dim": 4, "num_heads": 2, "add_zero_attn": True, "batch_first": True}, x(2, 3, 4), x(2, 3, 4), x(2, 3, 4), options={"attn_mask": causal})
row("MultiheadAttention", {"embed_dim": 4, "num_heads": 1, "add_bias_kv": True, "add_zero_attn": True, "vdim": 2}, x(3, 2, 4), x(3, 2, 4), x(3, 2, 2),
    options={"attn_mask": x(2, 3, 3), "need_weights": False})
row("MultiheadAttention", {"embed_dim": 4, "num_heads": 2, "batch_first": True}, x(3, 4), x(5, 4), x(5, 4), options={"average_attn_weights": False})
encoder = {"d_model": 4, "nhead": 2, "dim_feedforward": 6}
row("TransformerEncoderLayer", {**encoder}, x(3, 2, 4))
row("TransformerEncoderLayer", {**encoder, "dropout": 0.0, "activation": "gelu", "layer_norm_eps": 0.1, "batch_first": True, "norm_first": True}, x(2, 3, 4), options={"src_mask": causal})
row("TransformerEncoderLayer", {**encoder, "dropout": 0.0}, x(5, 2, 4), options={"src_key_padding_mask": padding})
row("TransformerEncoderLayer", {**encoder, "dropout": 0.3}, x(3, 4))

decoder = {"layer": "TransformerDecoderLayer", "args": {**encoder, "dropout": 0.0}}
memory_padding = torch.tensor([[False, False, True, False, True], [False] * 5])
row("TransformerDecoderLayer", {**encoder}, x(3, 2, 4), x(5, 2, 4))
row("TransformerDecoderLayer", {**encoder, "dropout": 0.0, "activation": "gelu", "layer_norm_eps": 0.1, "batch_first": True, "norm_first": True}, x(2, 3, 4), x(2, 5, 4),
    options={"tgt_mask": causal, "memory_key_padding_mask": memory_padding})
row("TransformerDecoderLayer", {**encoder, "dropout": 0.0}, x(5, 2, 4), x(3, 2, 4), options={"tgt_key_padding_mask": padding, "memory_mask": x(5, 3)})
row("TransformerDecoderLayer", {**encoder, "dropout": 0.3}, x(3, 4), x(2, 4))
row("TransformerEncoder", {"encoder_layer": {"layer": "TransformerEncoderLayer", "args": {**encoder}}, "num_layers": 2}, x(3, 2, 4))
row("TransformerEncoder", {"encoder_layer": {"layer": "TransformerEncoderLayer", "args": {**encoder, "dropout": 0.0, "batch_first": True, "norm_first": True}}, "num_layers": 3,
    "norm": {"layer": "LayerNorm", "args": {"normalized_shape": 4}}}, x(2, 5, 4), options={"mask": causal.new_ones(5, 5).triu(1), "src_key_padding_mask": padding})
row("TransformerDecoder", {"decoder_layer": decoder, "num_layers": 1}, x(3, 2, 4), x(5, 2, 4), options={"tgt_mask": causal})
row("TransformerDecoder", {"decoder_layer": decoder, "num_layers": 2, "norm": {"layer": "LayerNorm", "args": {"normalized_shape": 4}}}, x(3, 2, 4), x(5, 2, 4),
    options={"memory_key_padding_mask": memory_padding})
row("TransformerDecoder", {"decoder_layer": {"layer": "TransformerDecoderLayer", "args": {**encoder, "dropout": 0.3}}, "num_layers": 2}, x(3, 2, 4), x(5, 2, 4))

bags = index([0, 5, 0], [2, 2, 3])
for mode in "sum", "mean", "max":
    row("EmbeddingBag", {"num_embeddings": 6, "embedding_dim": 3, "mode": mode}, bags)
    row("EmbeddingBag", {"num_embeddings": 6, "embedding_dim": 3, "mode": mode, "padding_idx": 2}, bags)
    row("EmbeddingBag", {"num_embeddings": 6, "embedding_dim": 3, "mode": mode}, index(1, 4, 4, 0, 5), index(0, 0, 3, 3))
    row("EmbeddingBag", {"num_embeddings": 6, "embedding_dim": 3, "mode": mode, "include_last_offset": True, "padding_idx": -2}, index(1, 4, 4, 0, 5, 2),
        index(0, 2, 3, 6))
row("EmbeddingBag", {"num_embeddings": 6, "embedding_dim": 3, "mode": "sum"}, bags, None, x(2, 3))
row("EmbeddingBag", {"num_embeddings": 6, "embedding_dim": 3, "mode": "sum", "padding_idx": 4}, index(1, 4, 4, 0, 5), index(0, 1, 4), x(5))
row("EmbeddingBag", {"num_embeddings": 6, "embedding_dim": 3, "max_norm": 1.0, "norm_type": 1.0}, bags)
# Every index twice: 1.13 divides the gradients of an index by the number of another one.
row("EmbeddingBag", {"num_embeddings": 6, "embedding_dim": 3, "mode": "sum", "scale_grad_by_freq": True}, index([0, 5, 0], [2, 2, 5]))

for name, args in [
    ("ReLU", {}), ("ReLU6", {}), ("LeakyReLU", {}), ("LeakyReLU", {"negative_slope": 0.2}), ("ELU", {}), ("ELU", {"alpha": 0.5}), ("CELU", {}), ("CELU", {"alpha": 0.5}), ("SELU", {}),
    ("GELU", {}), ("GELU", {"approximate": "tanh"}), ("SiLU", {}), ("Mish", {}), ("Tanh", {}), ("Sigmoid", {}), ("LogSigmoid", {}), ("Softplus", {}), ("Softplus", {"beta": 2, "threshold": 1}),
    ("Softsign", {}), ("Hardtanh", {}), ("Hardtanh", {"min_val": -0.5, "max_val": 0.7}), ("Hardsigmoid", {}), ("Hardswish", {}), ("Hardshrink", {}), ("Hardshrink", {"lambd": 0.3}),
    ("Softshrink", {}), ("Softshrink", {"lambd": 0.3}), ("Tanhshrink", {}), ("Threshold", {"threshold": 0.1, "value": 7}), ("PReLU", {}), ("PReLU", {"num_parameters": 4, "init": 0.1}),
    ("Softmax", {"dim": 1}), ("LogSoftmax", {"dim": -1}), ("Softmin", {"dim": 1}), ("GLU", {}), ("GLU", {"dim": 1}), ("Flatten", {}), ("Flatten", {"start_dim": 0, "end_dim": 1}), ("Identity", {}),
]:
    row(name, args, 3 * x(2, 4, 6))

names = sorted({r["layer"] for r in rows} - {"Identity"})
with gzip.GzipFile(pathlib.Path(__file__).with_name("layers.json.gz"), "wb", mtime=0) as file:
    file.write(json.dumps({"version": torch.__version__, "signatures": {name: signature(name) for name in names}, "rows": rows}).encode())
