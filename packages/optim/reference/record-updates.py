"""Records PyTorch's optimizers, and others from PyPI, for the tests of this package.

    python record-updates.py

writes beside it
    updates.safetensors: `start` [4, 3], `gradients` [6, 4, 3], and for each setting the parameter after each of 6
    steps, in float32; for some also `SETTING-thawed`, without a gradient in the first three steps;
    long.safetensors: for parameters of several shapes, `start/SHAPE` and `gradients/SHAPE` [200, ...], and for each
    setting `SETTING/SHAPE/SCALE`, the parameter after steps 1, 2, 10, 50 and 200 with the gradients times the scale, in
    float64.
LAMB and look-ahead are timm's, schedule-free is its authors'; accumulation is AdamW on means of gradients.
PyTorch 2.15, timm 1.0.31, schedulefree 1.4.1.

PyTorch's Muon iterates in bfloat16, whose rounding no other precision repeats. Here `torch.bfloat16` stands for the
precision of the parameters, so that everything else about Muon is compared; `muon-bfloat16` is PyTorch as it is.
"""

from pathlib import Path

import torch
from safetensors.torch import save_file
from schedulefree import AdamWScheduleFree
from timm.optim import Lamb, Lookahead

folder = Path(__file__).parent
bfloat16 = torch.bfloat16
optim = torch.optim


def lamb(p, **options):
    """The trust ratio also without decay, and no clipping of the gradients: You et al. 2019, Algorithm 2."""
    return Lamb([p], always_adapt=True, max_grad_norm=None, **options)


class FromTheStart(Lookahead):
    """Its slow weights are the initial ones, as in Algorithm 1; timm's begin at the first synchronisation."""

    def __init__(self, optimizer, **options):
        super().__init__(optimizer, **options)
        self.initial = {p: p.detach().clone() for group in self.param_groups for p in group["params"]}

    def update_slow(self, group):
        for p in group["params"]:
            self._base_optimizer.state[p].setdefault("lookahead_slow_buff", self.initial[p])
        super().update_slow(group)


def schedule_free(p, **options):
    optimizer = AdamWScheduleFree([p], **options)
    optimizer.train()
    return optimizer


recipe = {"betas": (0.8, 0.95), "eps": 1e-5, "weight_decay": 0.1}
settings = {
    "adamw": lambda p: optim.AdamW([p], lr=0.05),
    "adamw-recipe": lambda p: optim.AdamW([p], lr=0.05, betas=(0.9, 0.95), eps=1e-5, weight_decay=0.1),
    "sgd": lambda p: optim.SGD([p], lr=0.05),
    "sgd-momentum": lambda p: optim.SGD([p], lr=0.05, momentum=0.9, weight_decay=0.1),
    "sgd-dampening": lambda p: optim.SGD([p], lr=0.05, momentum=0.9, dampening=0.3),
    "nesterov": lambda p: optim.SGD([p], lr=0.05, momentum=0.9, nesterov=True, weight_decay=0.1),
    "rmsprop": lambda p: optim.RMSprop([p], lr=0.05),
    "rmsprop-momentum": lambda p: optim.RMSprop([p], lr=0.05, alpha=0.9, eps=1e-4, momentum=0.8, weight_decay=0.1),
    "centered-rmsprop": lambda p: optim.RMSprop([p], lr=0.05, centered=True),
    "centered-rmsprop-momentum": lambda p: optim.RMSprop(
        [p], lr=0.05, alpha=0.9, eps=1e-4, momentum=0.8, weight_decay=0.1, centered=True
    ),
    "adagrad": lambda p: optim.Adagrad([p], lr=0.05),
    "adagrad-decay": lambda p: optim.Adagrad(
        [p], lr=0.05, lr_decay=0.2, weight_decay=0.1, initial_accumulator_value=0.5, eps=1e-4
    ),
    "adadelta": lambda p: optim.Adadelta([p], lr=1),
    "adadelta-decay": lambda p: optim.Adadelta([p], lr=0.5, rho=0.8, eps=1e-4, weight_decay=0.1),
    "adam": lambda p: optim.Adam([p], lr=0.05),
    "adam-decay": lambda p: optim.Adam([p], lr=0.05, **recipe),
    "amsgrad": lambda p: optim.Adam([p], lr=0.05, amsgrad=True),
    "amsgrad-decay": lambda p: optim.Adam([p], lr=0.05, amsgrad=True, **recipe),
    "amsgradw": lambda p: optim.AdamW([p], lr=0.05, amsgrad=True),
    "adamax": lambda p: optim.Adamax([p], lr=0.05),
    "adamax-decay": lambda p: optim.Adamax([p], lr=0.05, **recipe),
    "nadam": lambda p: optim.NAdam([p], lr=0.05),
    "nadam-decay": lambda p: optim.NAdam([p], lr=0.05, momentum_decay=0.1, **recipe),
    "nadamw": lambda p: optim.NAdam([p], lr=0.05, decoupled_weight_decay=True, momentum_decay=0.1, **recipe),
    "radam": lambda p: optim.RAdam([p], lr=0.05),
    "radam-decay": lambda p: optim.RAdam([p], lr=0.05, **recipe),
    "radamw": lambda p: optim.RAdam([p], lr=0.05, decoupled_weight_decay=True, **recipe),
    "adafactor": lambda p: optim.Adafactor([p], lr=0.5, eps=(2**-23, 1e-3)),
    "adafactor-decay": lambda p: optim.Adafactor(
        [p], lr=0.05, beta2_decay=-0.5, eps=(1e-4, 1e-2), d=1.5, weight_decay=0.1
    ),
    "muon": lambda p: optim.Muon([p], lr=0.05),
    "muon-plain": lambda p: optim.Muon([p], lr=0.05, momentum=0.8, weight_decay=0),
    "muon-matched": lambda p: optim.Muon([p], lr=0.05, adjust_lr_fn="match_rms_adamw", ns_steps=3),
    "muon-spectral": lambda p: optim.Muon(
        [p], lr=0.05, adjust_lr_fn="spectral_unclamped", nesterov=False, eps=2.0, ns_coefficients=(2, -1.5, 0.5)
    ),
    "rprop": lambda p: optim.Rprop([p], lr=0.05),
    "rprop-bounded": lambda p: optim.Rprop([p], lr=0.05, etas=(0.3, 1.5), step_sizes=(0.02, 0.1)),
    "asgd": lambda p: optim.ASGD([p], lr=0.05),
    "asgd-early": lambda p: optim.ASGD([p], lr=0.05, lambd=0.1, alpha=0.5, t0=2, weight_decay=0.1),
    "lamb": lambda p: lamb(p, lr=0.05, eps=1e-8, weight_decay=0),
    "lamb-decay": lambda p: lamb(p, lr=0.05, **recipe),
    "schedule-free": lambda p: schedule_free(p, lr=0.05),
    "schedule-free-decay": lambda p: schedule_free(p, lr=0.05, **recipe),
    "schedule-free-warmup": lambda p: schedule_free(p, lr=0.05, warmup_steps=4, r=1, weight_lr_power=1.5),
    "lookahead": lambda p: FromTheStart(optim.AdamW([p], lr=0.05), k=2, alpha=0.7),
}

THAWED = ["adamw", "amsgrad", "adamax", "nadam", "radam", "adagrad-decay", "adafactor", "rprop", "asgd", "asgd-early"]


def follow(make, given, begin, factor=1.0, kept=None, frozen=0):
    """
    The parameter after each step, or after those kept, with the learning rate times `factor` after each. It has no
    gradient in the first `frozen` steps.
    """
    parameter = torch.nn.Parameter(begin.clone())
    optimizer = make(parameter)
    path = []
    for step, gradient in enumerate(given, 1):
        parameter.grad = gradient.clone() if step > frozen else None
        optimizer.step()
        if kept is None or step in kept:
            path.append(parameter.detach().clone())
        optimizer.param_groups[0]["lr"] *= factor
    return torch.stack(path), optimizer


# Six steps in float32.
torch.bfloat16 = torch.float32
torch.manual_seed(5)
start = torch.randn(4, 3)
gradients = torch.randn(6, 4, 3)
gradients[2] *= 100  # one spike, which moments remember
updates = {"start": start.clone(), "gradients": gradients.clone()}
updates |= {name: follow(make, gradients, start)[0] for name, make in settings.items()}
updates["adamw-halving"], _ = follow(settings["adamw-recipe"], gradients, start, 0.5)
updates["schedule-free-growing"], _ = follow(settings["schedule-free"], gradients, start, 1.2)
updates["schedule-free-falling"], _ = follow(settings["schedule-free"], gradients, start, 0.8)
updates["muon-wide"], _ = follow(settings["muon"], gradients.transpose(1, 2), start.T)
pairs, _ = follow(settings["adamw"], (gradients[0::2] + gradients[1::2]) / 2, start)
updates["accumulating"] = torch.stack([start, pairs[0], pairs[0], pairs[1], pairs[1], pairs[2]])
for name in ["schedule-free", "schedule-free-decay"]:
    made = []
    follow(lambda p: made.append((p, settings[name](p))) or made[0][1], gradients, start)
    parameter, optimizer = made[0]
    optimizer.eval()
    updates[f"{name}-average"] = parameter.detach().clone()
_, optimizer = follow(settings["asgd-early"], gradients, start)
updates["asgd-early-average"] = next(iter(optimizer.state.values()))["ax"]
for name in THAWED:
    updates[f"{name}-thawed"], optimizer = follow(settings[name], gradients, start, frozen=3)
    if name == "asgd-early":
        updates["asgd-early-thawed-average"] = next(state["ax"] for state in optimizer.state.values() if "ax" in state)
torch.bfloat16 = bfloat16
updates["muon-bfloat16"], _ = follow(settings["muon"], gradients, start)

# 200 steps in float64: what is tiny, huge, a scalar, a vector, or has four axes. The default dtype is that of the
# scalars that optimizers keep. RMSprop has no decay here: where it outweighs the gradient, its steps are chaotic.
torch.bfloat16 = torch.float64
settings["rmsprop-long"] = lambda p: optim.RMSprop([p], lr=0.05, alpha=0.9, eps=1e-4, momentum=0.8)
settings["centered-rmsprop-long"] = lambda p: optim.RMSprop(
    [p], lr=0.05, alpha=0.9, eps=1e-4, momentum=0.8, centered=True
)
STEPS, KEPT = 200, [1, 2, 10, 50, 200]
SCALES = {"tiny": 1e-12, "small": 1e-6, "ordinary": 1.0, "huge": 1e6}
SHAPES = {"scalar": (), "vector": (5,), "matrix": (4, 3), "kernel": (2, 3, 2, 2), "origin": (4, 3)}
NAMES = ["adamw", "adam", "amsgrad", "amsgradw", "adamax", "nadam", "nadamw", "radam", "radamw"]
NAMES += ["sgd-momentum", "nesterov", "rmsprop-long", "centered-rmsprop-long", "adagrad", "adadelta", "adafactor"]
NAMES += ["muon", "rprop"]
NAMES += ["asgd-early", "lamb", "lamb-decay", "schedule-free", "schedule-free-warmup", "lookahead"]
long = {}
for shape, lengths in SHAPES.items():
    long[f"start/{shape}"] = torch.randn(lengths)
    long[f"gradients/{shape}"] = torch.randn((STEPS, *lengths))
long["start/origin"].zero_()  # so that float32 loses nothing of tiny steps
torch.set_default_dtype(torch.float64)
for shape in SHAPES:
    for name in NAMES:
        if name == "muon" and shape not in ["matrix", "origin"]:
            continue
        for scale, factor in SCALES.items():
            given = long[f"gradients/{shape}"].double() * factor
            begin = long[f"start/{shape}"].double()
            long[f"{name}/{shape}/{scale}"], _ = follow(settings[name], given, begin, kept=KEPT)

for name, tensors in {"updates": updates, "long": long}.items():
    tensors = {key: value.detach().contiguous().clone() for key, value in tensors.items()}
    save_file(tensors, folder / f"{name}.safetensors", {"torch": torch.__version__})
    print(f"torch {torch.__version__}: {len(tensors)} tensors in {name}")
