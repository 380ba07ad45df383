"""Records pytorch-optimizer's AdEMAMix: `start/SHAPE`, `gradients/SHAPE` [40, ...], and for
each setting `SETTING/SHAPE`, the parameter after each step [40, ...], in float64.

PyTorch 2.15, pytorch-optimizer 4.1.0, safetensors 0.8: python record.py
"""

from pathlib import Path

import torch
from safetensors.torch import save_file

from pytorch_optimizer import AdEMAMix

torch.manual_seed(1)
torch.set_default_dtype(torch.float64)
steps = 40
shapes = {"matrix": [3, 4], "vector": [5], "scalar": []}
settings = {
    "plain": lambda p: AdEMAMix([p], lr=0.05, weight_decouple=True),
    "recipe": lambda p: AdEMAMix(
        [p], lr=0.05, betas=(0.8, 0.95, 0.99), alpha=8.0, eps=1e-5, weight_decay=0.1, weight_decouple=True
    ),
    "warmup": lambda p: AdEMAMix(
        [p], lr=0.05, betas=(0.9, 0.99, 0.999), alpha=8.0, t_alpha_beta3=25, weight_decouple=True
    ),
}

recorded = {}
for shape, lengths in shapes.items():
    recorded[f"start/{shape}"] = torch.randn(lengths)
    # Gradients that have a mean and directions of different sizes, as those of a training run.
    sizes = torch.rand(lengths) * 2 + 0.1
    recorded[f"gradients/{shape}"] = sizes * (torch.randn(lengths) + torch.randn(steps, *lengths))
for name, make in settings.items():
    for shape in shapes:
        p = torch.nn.Parameter(recorded[f"start/{shape}"].clone())
        optimizer = make(p)
        path = []
        for gradient in recorded[f"gradients/{shape}"]:
            p.grad = gradient.clone()
            optimizer.step()
            path.append(p.detach().clone())
        recorded[f"{name}/{shape}"] = torch.stack(path)
save_file(recorded, Path(__file__).parent / "ademamix.safetensors")
