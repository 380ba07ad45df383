"""Shared code of the recorders: values, results and gradients of PyTorch's layers, one file for each family.

Each layer has its inputs and weights, its results (`y` if there is one), the weights `c/...` of the scalar
sum(c * y), and the gradients of that scalar as `grad/...`. Weights have our names, or those of PyTorch's module
as `state/...`. PyTorch 2.15, transformers 5.24 and ONNX 1.23, float32, one thread.
"""

from pathlib import Path

import torch
from safetensors.torch import save_file

torch.set_num_threads(1)


def leaf(*shape):
    return torch.randn(*shape).requires_grad_()


def whole(values):
    return torch.tensor(values, dtype=torch.int32)


def with_masks(forward, masks, names):
    """A forward pass in training, whose dropout masks are stored as `mask/NAME`; kept values are 1 / (1 - p).

    `names` has our name of the dropout for each module of PyTorch's that drops: a Dropout, or an attention.
    """
    kept = lambda x, p: torch.rand_like(x) >= p

    def attention(q, k, v, attn_mask=None, dropout_p=0.0, is_causal=False):
        mask = kept(q @ k.transpose(-1, -2), dropout_p)
        masks[f"mask/{names[inside[-1]]}"] = mask.float() / (1 - dropout_p)
        return torch._scaled_dot_product_attention_math(q, k, v, attn_mask, dropout_p, is_causal, mask)[0]

    def dropout(x, p, training, inplace):
        mask = kept(x, p)
        masks[f"mask/{names[inside[-1]]}"] = mask.float() / (1 - p)
        return x * mask / (1 - p)

    inside = []

    def recorded(module, *inputs, **options):
        own = []
        for name, part in module.named_modules():
            if name in names:
                own.append(part.register_forward_pre_hook(lambda *_, name=name: inside.append(name)))
                own.append(part.register_forward_hook(lambda *_: inside.pop() and None))
        functional = torch.nn.functional
        before = functional.scaled_dot_product_attention, functional.dropout
        functional.scaled_dot_product_attention, functional.dropout = attention, dropout
        try:
            return forward(module, *inputs, **options)
        finally:
            functional.scaled_dot_product_attention, functional.dropout = before
            for hook in own:
                hook.remove()
            assert len(masks) == len(names), f"only {list(masks)} of {names} dropped"

    return recorded


class Family:
    def __init__(self, name, seed):
        self.name = name
        self.tensors = {}
        torch.manual_seed(seed)

    def record(self, layer, result, leaves, constants=None):
        """Stores leaves, results and gradients; `result` is one tensor or a dictionary of them."""
        results = result if isinstance(result, dict) else {"y": result}
        scalar = 0
        for name, y in results.items():
            c = torch.randn_like(y)
            self.tensors[f"{layer}/{name}"] = y
            self.tensors[f"{layer}/c/{name}"] = c
            scalar = scalar + torch.where(torch.isfinite(y), c * y, 0).sum()
        for (name, value), gradient in zip(leaves.items(), torch.autograd.grad(scalar, list(leaves.values()))):
            self.tensors[f"{layer}/{name}"] = value
            self.tensors[f"{layer}/grad/{name.removeprefix('state/')}"] = gradient
        for name, constant in (constants or {}).items():
            self.tensors[f"{layer}/{name}"] = constant

    def module(self, layer, module, inputs, forward=None, constants=None):
        """The same for a module of PyTorch, with its state before the call."""
        before = {f"state/{name}": value.detach().clone() for name, value in module.state_dict().items()}
        result = module(*inputs.values()) if forward is None else forward(module, **inputs)
        leaves = {name: x for name, x in inputs.items() if x.requires_grad} | {
            f"state/{name}": p for name, p in module.named_parameters()
        }
        fixed = {name: x for name, x in inputs.items() if not x.requires_grad}
        self.record(layer, result, leaves, {**before, **fixed, **(constants or {})})

    def save(self):
        kept = lambda value: value.to(torch.int32) if value.dtype == torch.int64 else value
        tensors = {name: kept(value.detach()).contiguous().clone() for name, value in self.tensors.items()}
        path = Path(__file__).with_name(f"{self.name}.safetensors")
        save_file(tensors, path, {"torch": torch.__version__})
        path.chmod(0o644)
        print(f"torch {torch.__version__}: {len(tensors)} tensors of {self.name}, {path.stat().st_size // 1000} kB")
