"""Records what PyTorch's layers compute, forward and backward, for the tests of this package.

    python record.py

writes layers.safetensors beside it. For each layer: its inputs and weights under our names, its result `y`, the weights `c` of the scalar
sum(c * y), and the gradients of that scalar as `grad/...`. PyTorch 2.15, float32, one thread.
"""

from pathlib import Path

import torch
import torch.nn.functional as F
from safetensors.torch import save_file

torch.manual_seed(3)
torch.set_num_threads(1)
tensors: dict[str, torch.Tensor] = {}


def record(layer, result, leaves, constants=None):
    """Stores leaves, results and gradients; `result` is one tensor or a dictionary of them."""
    results = result if isinstance(result, dict) else {"y": result}
    scalar = 0
    for name, y in results.items():
        c = torch.randn_like(y)
        tensors[f"{layer}/{name}"] = y
        tensors[f"{layer}/c/{name}"] = c
        scalar = scalar + (c * y).sum()
    for (name, leaf), gradient in zip(leaves.items(), torch.autograd.grad(scalar, list(leaves.values()))):
        tensors[f"{layer}/{name}"] = leaf
        tensors[f"{layer}/grad/{name}"] = gradient
    for name, constant in (constants or {}).items():
        tensors[f"{layer}/{name}"] = constant


def leaf(*shape):
    return torch.randn(*shape).requires_grad_()


x, weight, bias = leaf(2, 3, 4), leaf(5, 4), leaf(5)
record("linear", F.linear(x, weight, bias), {"x": x, "weight": weight, "bias": bias})

weight, tokens = leaf(6, 3), torch.tensor([[1, 5, 1], [0, 1, 4]])
record("embedding", F.embedding(tokens, weight), {"weight": weight}, {"tokens": tokens.int()})

x, weight, bias = leaf(3, 7), leaf(7), leaf(7)
record("layerNorm", F.layer_norm(x, [7], weight, bias, 1e-5), {"x": x, "weight": weight, "bias": bias})

x, weight = leaf(3, 7), leaf(7)
record("rmsNorm", F.rms_norm(x, [7], weight, 1e-5), {"x": x, "weight": weight})

WIDTH, HEADS, TIME = 8, 2, 5
x = leaf(2, TIME, WIDTH)
projections = {f"{name}.{part}": leaf(*shape) for name in ("query", "key", "value", "output") for part, shape in (("weight", (WIDTH, WIDTH)), ("bias", (WIDTH,)))}
split = lambda name: F.linear(x, projections[f"{name}.weight"], projections[f"{name}.bias"]).view(2, TIME, HEADS, -1).transpose(1, 2)
mixed = F.scaled_dot_product_attention(split("query"), split("key"), split("value"), is_causal=True)
y = F.linear(mixed.transpose(1, 2).reshape(2, TIME, WIDTH), projections["output.weight"], projections["output.bias"])
record("attention", y, {"x": x, **projections})

x = leaf(3, 4)
network = {"expand.weight": leaf(16, 4), "expand.bias": leaf(16), "contract.weight": leaf(4, 16), "contract.bias": leaf(4)}
hidden = F.gelu(F.linear(x, network["expand.weight"], network["expand.bias"]))
record("feedForward", F.linear(hidden, network["contract.weight"], network["contract.bias"]), {"x": x, **network})

x, hidden, cell = leaf(6, 3, 4), leaf(1, 3, 5), leaf(1, 3, 5)
lstm = torch.nn.LSTM(4, 5)
outputs, (last_hidden, last_cell) = lstm(x, (hidden, cell))
record("lstm", {"y": outputs, "lastHidden": last_hidden, "lastCell": last_cell}, {"x": x, "hidden": hidden, "cell": cell, **dict(lstm.named_parameters())})

logits, target = leaf(2, 3, 5), torch.tensor([[0, 4, 2], [1, 1, 3]])
record("crossEntropy", F.cross_entropy(logits.flatten(0, 1), target.flatten()), {"logits": logits}, {"target": target.int()})

prediction, target = leaf(4, 3), torch.randn(4, 3)
record("meanSquaredError", F.mse_loss(prediction, target), {"prediction": prediction}, {"target": target})

tensors = {name: value.detach().contiguous().clone() for name, value in tensors.items()}
save_file(tensors, Path(__file__).with_name("layers.safetensors"), {"torch": torch.__version__})
print(f"torch {torch.__version__}: {len(tensors)} tensors")
