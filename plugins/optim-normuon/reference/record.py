"""Records pytorch-optimizer's NorMuon: `start/SHAPE`, `gradients/SHAPE` [20, ...], and for
each setting `SETTING/SHAPE`, the parameter after each step [20, ...], in float64.

PyTorch 2.15, pytorch-optimizer 4.1.0, safetensors 0.8: python record.py

The iteration runs in bfloat16, whose rounding no other precision repeats. Here `torch.bfloat16` stands for the
precision of the parameters, as in the goldens of Muon in @ansatz/optim.
"""

from pathlib import Path

import torch
from safetensors.torch import save_file

torch.bfloat16 = torch.float64

from pytorch_optimizer import NorMuon  # noqa: E402

torch.manual_seed(1)
torch.set_default_dtype(torch.float64)
steps = 20
shapes = {"wide": [3, 5], "tall": [6, 2], "row": [1, 4]}


def normuon(p, **options):
    return NorMuon([{"params": [p], "use_muon": True, "lr": 0.05}], **options)


settings = {
    "plain": lambda p: normuon(p),
    "recipe": lambda p: normuon(p, momentum=0.9, beta2=0.8, weight_decay=0.1, nesterov=False),
    "matched": lambda p: normuon(p, update_scale="match_rms", nesterov=False, weight_decay=0.1),
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
save_file(recorded, Path(__file__).parent / "normuon.safetensors")
