"""Records gradient clipping by PyTorch, and adaptive clipping by timm.

    python record-clipping.py

writes clipping.safetensors beside it: weights, gradients, and the clipped gradients.
PyTorch 2.15, timm 1.0.31, float32.
"""

from pathlib import Path

import torch
from safetensors.torch import save_file
from timm.utils.agc import adaptive_clip_grad

torch.manual_seed(5)
clipping = {f"gradient/{i}": torch.randn(shape) for i, shape in enumerate([(3,), (2, 2), (3, 2, 2)])}
clipping |= {f"weight/{i}": torch.randn(shape) / 10 for i, shape in enumerate([(3,), (2, 2), (3, 2, 2)])}
clipping["weight/1"][0] = 0
count = 3


def clipped(name, clip, together):
    parameters = [torch.nn.Parameter(clipping[f"weight/{i}"].clone()) for i in range(count)]
    for i, parameter in enumerate(parameters):
        parameter.grad = clipping[f"gradient/{i}"].clone()
    norm = clip(parameters) if together else [clip([parameter]) for parameter in parameters][0]
    for i, parameter in enumerate(parameters):
        clipping[f"{name}/{i}"] = parameter.grad
    return norm


clipping["norm"] = clipped("global", lambda ps: torch.nn.utils.clip_grad_norm_(ps, 0.5), True)
clipped("norm", lambda ps: torch.nn.utils.clip_grad_norm_(ps, 0.5), False)
clipped("value", lambda ps: torch.nn.utils.clip_grad_value_(ps, 0.5), True)
clipped("adaptive", lambda ps: adaptive_clip_grad(ps, clip_factor=0.1), True)

tensors = {key: value.detach().contiguous().clone() for key, value in clipping.items()}
save_file(tensors, Path(__file__).with_name("clipping.safetensors"), {"torch": torch.__version__})
print(f"torch {torch.__version__}: {len(tensors)} tensors")
