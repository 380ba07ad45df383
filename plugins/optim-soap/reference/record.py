"""Records pytorch-optimizer's SOAP: `start/SHAPE`, `gradients/SHAPE` [25, ...], and for
each setting `SETTING/SHAPE`, the parameter after each step [25, ...], in float64.

PyTorch 2.15, pytorch-optimizer 4.1.0, safetensors 0.8: python record.py

The first gradient only initialises the basis. The program decomposes in float32; here `torch.float32` stands for the
precision of the parameters.
"""

from pathlib import Path

import torch
from safetensors.torch import save_file

torch.float32 = torch.float64

from pytorch_optimizer import SOAP  # noqa: E402

torch.manual_seed(1)
torch.set_default_dtype(torch.float64)
steps = 25
shapes = {"matrix": [4, 3], "square": [5, 5], "cube": [2, 3, 4], "vector": [5]}
settings = {
    "plain": lambda p: SOAP([p], lr=0.05, weight_decay=0.0),
    "recipe": lambda p: SOAP(
        [p], lr=0.05, betas=(0.9, 0.99), shampoo_beta=0.8, eps=1e-5, weight_decay=0.1, precondition_frequency=3
    ),
    "short": lambda p: SOAP([p], lr=0.05, weight_decay=0.1, precondition_frequency=5, max_precondition_dim=3),
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
save_file(recorded, Path(__file__).parent / "soap.safetensors")
