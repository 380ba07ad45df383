"""Records five steps of PyTorch's optimizers on one matrix, from given gradients, for the tests of this package.

    python record.py

writes updates.safetensors beside it: `start` [2, 3], `gradients` [5, 2, 3], and for each setting the parameter after each step [5, 2, 3].
PyTorch 2.15, float32.
"""

from pathlib import Path

import torch
from safetensors.torch import save_file

torch.manual_seed(5)
STEPS = 5
start = torch.randn(2, 3)
gradients = torch.randn(STEPS, 2, 3)
gradients[2] *= 100  # one spike, which moments remember
tensors = {"start": start.clone(), "gradients": gradients.clone()}
settings = {
    "adamw": lambda p: torch.optim.AdamW([p], lr=0.05),
    "adamw-recipe": lambda p: torch.optim.AdamW([p], lr=0.05, betas=(0.9, 0.95), eps=1e-5, weight_decay=0.1),
    "sgd": lambda p: torch.optim.SGD([p], lr=0.05),
    "sgd-momentum": lambda p: torch.optim.SGD([p], lr=0.05, momentum=0.9, weight_decay=0.1),
}


def follow(make, factor=1.0):
    """The parameter after each step, with the learning rate times `factor` after each."""
    parameter = torch.nn.Parameter(start.clone())
    optimizer = make(parameter)
    path = []
    for gradient in gradients:
        parameter.grad = gradient.clone()
        optimizer.step()
        path.append(parameter.detach().clone())
        optimizer.param_groups[0]["lr"] *= factor
    return torch.stack(path)


tensors |= {name: follow(make) for name, make in settings.items()}
tensors["adamw-halving"] = follow(settings["adamw-recipe"], 0.5)

gradients = [torch.randn(3), torch.randn(2, 2)]
parameters = [torch.nn.Parameter(torch.zeros_like(gradient)) for gradient in gradients]
for parameter, gradient in zip(parameters, gradients):
    parameter.grad = gradient.clone()
tensors["clip/norm"] = torch.nn.utils.clip_grad_norm_(parameters, 0.5)
for i, (parameter, gradient) in enumerate(zip(parameters, gradients)):
    tensors[f"clip/{i}"], tensors[f"clip/{i}/clipped"] = gradient, parameter.grad
tensors = {name: value.contiguous().clone() for name, value in tensors.items()}
save_file(tensors, Path(__file__).with_name("updates.safetensors"), {"torch": torch.__version__})
print(f"torch {torch.__version__}: {len(tensors)} tensors")
