"""Records goldens.safetensors: results and gradients of Hugging Face's transformers, in plain PyTorch.

PyTorch 2.15, transformers 5.24, float32, one thread. Each case has its inputs and weights, its results, the weights
`c/...` of the scalar sum(c * result), and the gradients of that scalar as `grad/...`. Layouts and names are ours:
[batch, heads, time, features], and the rows of the input projection in the order gate, channels, steps, rest.
"""

from pathlib import Path

import torch
from safetensors.torch import save_file
from transformers import Mamba2Config, Qwen3NextConfig
from transformers.models.mamba2.modeling_mamba2 import Mamba2Mixer, mamba2_chunk_scan
from transformers.models.qwen3_next.modeling_qwen3_next import (
    Qwen3NextGatedDeltaNet,
    torch_chunk_gated_delta_rule,
    torch_recurrent_gated_delta_rule,
)

torch.set_num_threads(1)
torch.manual_seed(1)
functional = torch.nn.functional
batch, heads, time = 2, 3, 11
goldens = {}


def leaf(*shape):
    return torch.randn(*shape).requires_grad_()


def record(case, results, leaves, rename=lambda named: named):
    tensors = {}
    scalar = 0
    for name, y in results.items():
        c = torch.randn_like(y)
        tensors |= {name: y, f"c/{name}": c}
        scalar = scalar + (c * y).sum()
    gradients = dict(zip(leaves, torch.autograd.grad(scalar, list(leaves.values()))))
    tensors |= rename(leaves) | {f"grad/{name}": gradient for name, gradient in rename(gradients).items()}
    for name, value in tensors.items():
        goldens[f"{case}/{name}"] = value.detach().contiguous().clone()


def state_space():
    x, B, C = leaf(batch, heads, time, 4), leaf(batch, 1, time, 5), leaf(batch, 1, time, 5)
    state = leaf(batch, heads, 5, 4)
    decay = (-3 * torch.rand(batch, heads, time)).requires_grad_()
    swapped = lambda tensor: tensor.transpose(1, 2)
    # With A = -1 the logarithm of the decay is -dt, and x is divided by the dt that the function multiplies it by.
    y, last = mamba2_chunk_scan(
        swapped(x / -decay[..., None]), swapped(-decay), -torch.ones(heads), swapped(B), swapped(C),
        chunk_size=4, initial_states=state.transpose(2, 3), return_final_states=True,
    )  # fmt: skip
    leaves = {"x": x, "logDecay": decay, "B": B, "C": C, "state": state}
    record("stateSpaceDuality", {"y": swapped(y), "last": last.transpose(2, 3)}, leaves)


def delta_rule():
    q, k, v = leaf(batch, heads, time, 5), leaf(batch, heads, time, 5), leaf(batch, heads, time, 4)
    decay = (-3 * torch.rand(batch, heads, time)).requires_grad_()
    beta = torch.rand(batch, heads, time).requires_grad_()
    state = leaf(batch, heads, 5, 4)
    k = functional.normalize(k.detach(), dim=-1).requires_grad_()
    swapped = lambda tensor: tensor.transpose(1, 2)
    arguments = [swapped(part) for part in (q * 5**0.5, k, v, decay, beta)]
    options = {"initial_state": state, "output_final_state": True}
    y, last = torch_recurrent_gated_delta_rule(*arguments, **options)
    chunked, _ = torch_chunk_gated_delta_rule(*arguments, chunk_size=4, **options)
    assert torch.allclose(y, chunked, atol=1e-5), "their two forms differ"
    leaves = {"q": q, "k": k, "v": v, "logDecay": decay, "beta": beta, "state": state}
    record("gatedDeltaRule", {"y": swapped(y), "last": last}, leaves)


def lively(module):
    with torch.no_grad():
        for parameter in module.parameters():
            parameter.copy_(0.5 * torch.randn_like(parameter))
    return module.eval()


def renamed(named, names):
    return {names.get(name, name): value for name, value in named.items()}


def mamba2_layer():
    config = Mamba2Config(
        hidden_size=12, num_heads=4, head_dim=6, expand=2, state_size=5, n_groups=1, conv_kernel=4, chunk_size=4,
        layer_norm_epsilon=1e-5, use_bias=False, use_conv_bias=True, num_hidden_layers=1,
    )  # fmt: skip
    layer = lively(Mamba2Mixer(config, 0))
    x = leaf(batch, time, 12)
    names = {
        "in_proj.weight": "input.weight", "conv1d.weight": "convolution.weight", "conv1d.bias": "convolution.bias",
        "A_log": "logRate", "dt_bias": "stepBias", "D": "skip", "out_proj.weight": "output.weight",
    }  # fmt: skip
    record("Mamba2", {"y": layer(x)}, {"x": x} | dict(layer.named_parameters()), lambda named: renamed(named, names))


def gated_delta_net():
    count, keys, values = 2, 5, 6
    config = Qwen3NextConfig(
        hidden_size=12, linear_num_value_heads=count, linear_num_key_heads=count, linear_key_head_dim=keys,
        linear_value_head_dim=values, linear_conv_kernel_dim=4, hidden_act="silu", rms_norm_eps=1e-5,
        num_hidden_layers=1, layer_types=["linear_attention"],
    )  # fmt: skip
    layer = lively(Qwen3NextGatedDeltaNet(config, 0))
    x = leaf(batch, time, 12)
    names = {
        "conv1d.weight": "convolution.weight", "A_log": "logRate", "dt_bias": "stepBias",
        "out_proj.weight": "output.weight",
    }  # fmt: skip

    def ours(named):
        """Their rows are q, k, v and z of one head after another, then b and a of one head after another."""
        named = dict(named)
        parts = named.pop("in_proj_qkvz.weight").unflatten(0, (count, -1)).split([keys, keys, values, values], 1)
        q, k, v, z = [part.flatten(0, 1) for part in parts]
        b, a = named.pop("in_proj_ba.weight").unflatten(0, (count, 2)).unbind(1)
        return renamed(named, names) | {"input.weight": torch.cat([z, q, k, v, a, b])}

    record("GatedDeltaNet", {"y": layer(x)}, {"x": x} | dict(layer.named_parameters()), ours)


for case in (state_space, delta_rule, mamba2_layer, gated_delta_net):
    case()
path = Path(__file__).with_name("goldens.safetensors")
save_file(goldens, path, {"torch": torch.__version__})
path.chmod(0o644)
print(f"torch {torch.__version__}: {len(goldens)} tensors, {path.stat().st_size // 1000} kB")
