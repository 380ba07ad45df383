"""Records what other implementations compute, forward and backward: python record.py

PyTorch 2.15 (its scaled dot-product attention), performer-pytorch 1.1.4, linformer 0.2.3 and local-attention 1.11.2,
float32, one thread. Each entry has its inputs, its result `y`, the weights `c` of the scalar sum(c * y), and the
gradients of that scalar as `grad/...`.
"""

from pathlib import Path

import torch
from linformer import LinformerSelfAttention
from local_attention import LocalAttention
from performer_pytorch.performer_pytorch import linear_attention, softmax_kernel
from safetensors.torch import save_file

torch.set_num_threads(1)
torch.manual_seed(1)
tensors = {}


def leaf(*shape, scale=1.0):
    return (scale * torch.randn(*shape)).requires_grad_()


def record(name, y, leaves, constants=None):
    c = torch.randn_like(y)
    gradients = torch.autograd.grad((c * y).sum(), list(leaves.values()))
    entries = {"y": y, "c": c, **leaves, **(constants or {})}
    entries |= {f"grad/{leaf}": gradient for leaf, gradient in zip(leaves, gradients)}
    for entry, value in entries.items():
        tensors[f"{name}/{entry}"] = value.detach().contiguous().clone()


def heads(time, features, scale=1.0):
    return {name: leaf(2, 2, time, features, scale=scale) for name in "qkv"}


qkv = heads(70, 8)
record("blocked", torch.nn.functional.scaled_dot_product_attention(*qkv.values(), is_causal=True), qkv)

# Their windows hold one key more than their size.
qkv = heads(20, 4)
window = LocalAttention(
    window_size=4, causal=True, look_backward=1, exact_windowsize=True, autopad=True, use_rotary_pos_emb=False
)
record("local", window(*qkv.values()), qkv)

qkv = heads(70, 4)
q, k, v = qkv.values()
phi = lambda x: torch.nn.functional.elu(x) + 1
weights = torch.tril(phi(q) @ phi(k).transpose(-1, -2))
record("linear", (weights @ v) / weights.sum(-1, keepdim=True), qkv)

qkv = heads(9, 4)
q, k, v = qkv.values()
directions = torch.randn(6, 4) * 1.5
features = [softmax_kernel(x, projection_matrix=directions, is_query=x is q) for x in (q, k)]
recorded = {"directions": directions, "query": features[0], "key": features[1]}
record("performer", linear_attention(*features, v), qkv, recorded)

layer = LinformerSelfAttention(8, 7, k=3, heads=2)
x = leaf(2, 5, 8)
named = {
    "query.weight": layer.to_q.weight,
    "key.weight": layer.to_k.weight,
    "value.weight": layer.to_v.weight,
    "output.weight": layer.to_out.weight,
    "output.bias": layer.to_out.bias,
    "keyProjection": layer.proj_k,
    "valueProjection": layer.proj_v,
}
record("linformer", layer(x), {"x": x, **named})

path = Path(__file__).with_name("attention.safetensors")
save_file(tensors, path, {"torch": torch.__version__})
path.chmod(0o644)
print(f"torch {torch.__version__}: {len(tensors)} tensors, {path.stat().st_size // 1000} kB")
