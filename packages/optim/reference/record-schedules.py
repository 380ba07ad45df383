"""Records PyTorch's learning-rate schedules, and those of Transformers with a warm-up.

    python record-schedules.py

writes schedules.safetensors beside it: the rates of the first 30 updates, in float64.
PyTorch 2.15, Transformers 5.24.
"""

from pathlib import Path

import torch
import transformers
from safetensors.torch import save_file
from torch.optim import lr_scheduler as schedulers

LENGTH = 30
LR = 0.4


def rates(make, lr=LR, metrics=None, setting="lr"):
    optimizer = torch.optim.SGD([torch.nn.Parameter(torch.zeros(1))], lr=lr, momentum=0.9)
    scheduler = make(optimizer)
    found = []
    for step in range(LENGTH):
        found.append(optimizer.param_groups[0][setting])
        optimizer.step()
        scheduler.step(*([] if metrics is None else [metrics[step]]))
    return torch.tensor(found, dtype=torch.float64)


metrics = [3, 2, 1, 1, 1, 1, 0.99999, 1, 0.5] + [0.5] * 21
s = schedulers
schedules = {
    "constant": rates(lambda o: s.ConstantLR(o, factor=1.0)),
    "linear": rates(lambda o: s.LinearLR(o, start_factor=0.25, end_factor=1.0, total_iters=12)),
    "cosine": rates(
        lambda o: s.SequentialLR(
            o, [s.CosineAnnealingLR(o, 20, eta_min=0.1), s.ConstantLR(o, factor=0.25, total_iters=100)], [20]
        )
    ),
    "cosine-periodic": rates(lambda o: s.CosineAnnealingLR(o, 9, eta_min=0.1)),
    "cosineRestarts": rates(lambda o: s.CosineAnnealingWarmRestarts(o, 4, 2, eta_min=0.1)),
    "cosineRestarts-even": rates(lambda o: s.CosineAnnealingWarmRestarts(o, 7)),
    "cyclic": rates(lambda o: s.CyclicLR(o, 0.1, 0.4, 3, 5)),
    "cyclic-halving": rates(lambda o: s.CyclicLR(o, 0.1, 0.4, 4, mode="triangular2")),
    "cyclic-falling": rates(lambda o: s.CyclicLR(o, 0.1, 0.4, 4, mode="exp_range", gamma=0.9)),
    "exponential": rates(lambda o: s.ExponentialLR(o, 0.9)),
    "stepDecay": rates(lambda o: s.StepLR(o, 8, 0.3)),
    "oneCycle": rates(lambda o: s.OneCycleLR(o, 0.4, LENGTH + 1)),
    "oneCycle-settings": rates(
        lambda o: s.OneCycleLR(o, 0.4, LENGTH + 1, pct_start=0.5, div_factor=10, final_div_factor=100)
    ),
    "oneCycle-linear": rates(lambda o: s.OneCycleLR(o, 0.4, LENGTH + 1, anneal_strategy="linear")),
    "oneCycle-three": rates(lambda o: s.OneCycleLR(o, 0.4, LENGTH + 1, three_phase=True, final_div_factor=100)),
    "oneCycle-three-linear": rates(
        lambda o: s.OneCycleLR(o, 0.4, LENGTH + 1, pct_start=0.4, three_phase=True, anneal_strategy="linear")
    ),
    "oneCycle-momentum": rates(lambda o: s.OneCycleLR(o, 0.4, LENGTH + 1), setting="momentum"),
    "oneCycle-three-momentum": rates(lambda o: s.OneCycleLR(o, 0.4, LENGTH + 1, three_phase=True), setting="momentum"),
    "warmup-cosine": rates(lambda o: transformers.get_cosine_schedule_with_warmup(o, 5, 30)),
    "warmup-cosine-floor": rates(
        lambda o: transformers.get_cosine_with_min_lr_schedule_with_warmup(o, 5, 30, min_lr=0.1)
    ),
    "warmup-linear": rates(lambda o: transformers.get_linear_schedule_with_warmup(o, 5, 25)),
    "warmup-constant": rates(lambda o: transformers.get_constant_schedule_with_warmup(o, 5)),
    "warmup-third": rates(
        lambda o: s.SequentialLR(
            o, [s.LinearLR(o, total_iters=6), s.CosineAnnealingLR(o, 24)], [6]
        )
    ),
    "polynomial": rates(lambda o: s.PolynomialLR(o, 20, power=2.5)),
    "join": rates(
        lambda o: s.SequentialLR(
            o, [s.LinearLR(o, 0.1, 1.0, 5), s.ExponentialLR(o, 0.8), s.ConstantLR(o, 1.0)], [5, 15]
        )
    ),
    "plateau": rates(lambda o: s.ReduceLROnPlateau(o, patience=2, factor=0.5, cooldown=3, min_lr=0.1), metrics=metrics),
    "plateau-max": rates(lambda o: s.ReduceLROnPlateau(o, mode="max", patience=1), metrics=[4 - m for m in metrics]),
    "plateau-absolute": rates(
        lambda o: s.ReduceLROnPlateau(o, patience=1, threshold=0.9, threshold_mode="abs"), metrics=metrics
    ),
    "plateau-max-absolute": rates(
        lambda o: s.ReduceLROnPlateau(o, mode="max", patience=1, threshold=0.9, threshold_mode="abs"),
        metrics=[4 - m for m in metrics],
    ),
    "metrics": torch.tensor(metrics, dtype=torch.float64),
}

save_file(schedules, Path(__file__).with_name("schedules.safetensors"), {"torch": torch.__version__})
print(f"torch {torch.__version__}: {len(schedules)} tensors")
