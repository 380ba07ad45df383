"""Records PyTorch's optimizers, clipping and schedules for the tests of this package.

    python record.py

writes beside it
    updates.safetensors: `start` [4, 3], `gradients` [6, 4, 3], and for each setting the parameter after each step;
    clipping.safetensors: weights, gradients, and the clipped gradients;
    schedules.safetensors: the learning rate at steps 0 to 29, in float64.
Rules that PyTorch does not have (LAMB, look-ahead, accumulation) are written here from their papers.
PyTorch 2.15, float32.
"""

from pathlib import Path

import torch
from safetensors.torch import save_file
from torch.optim import lr_scheduler as schedulers

folder = Path(__file__).parent
torch.manual_seed(5)
STEPS = 6
start = torch.randn(4, 3)
gradients = torch.randn(STEPS, 4, 3)
gradients[2] *= 100  # one spike, which moments remember
updates = {"start": start.clone(), "gradients": gradients.clone()}


class LAMB(torch.optim.Optimizer):
    """You et al. 2019, arXiv:1904.00962, Algorithm 2, with phi(z) = z."""

    def __init__(self, parameters, lr, betas=(0.9, 0.999), eps=1e-8, weight_decay=0.0):
        super().__init__(parameters, {"lr": lr, "betas": betas, "eps": eps, "weight_decay": weight_decay})

    @torch.no_grad()
    def step(self):
        for group in self.param_groups:
            for p in group["params"]:
                state = self.state[p]
                if not state:
                    state |= {"t": 0, "m": torch.zeros_like(p), "v": torch.zeros_like(p)}
                state["t"] += 1
                (b1, b2), t, g = group["betas"], state["t"], p.grad
                state["m"] = b1 * state["m"] + (1 - b1) * g
                state["v"] = b2 * state["v"] + (1 - b2) * g**2
                r = (state["m"] / (1 - b1**t)) / ((state["v"] / (1 - b2**t)).sqrt() + group["eps"])
                u = r + group["weight_decay"] * p
                p -= group["lr"] * p.norm() / u.norm() * u


class ScheduleFree(torch.optim.Optimizer):
    """AdamW in Defazio et al. 2024, arXiv:2405.15682, Algorithm 1, with x, y and z. The parameter is y."""

    def __init__(self, parameters, lr, betas=(0.9, 0.999), eps=1e-8, weight_decay=0.0):
        super().__init__(parameters, {"lr": lr, "betas": betas, "eps": eps, "weight_decay": weight_decay})

    @torch.no_grad()
    def step(self):
        for group in self.param_groups:
            for y in group["params"]:
                state = self.state[y]
                if not state:
                    state |= {"t": 0, "v": torch.zeros_like(y), "z": y.clone(), "x": y.clone(), "sum": 0.0}
                state["t"] += 1
                (b1, b2), t, g, lr = group["betas"], state["t"], y.grad, group["lr"]
                state["v"] = b2 * state["v"] + (1 - b2) * g**2
                state["z"] -= lr * (g / ((state["v"] / (1 - b2**t)).sqrt() + group["eps"]) + group["weight_decay"] * y)
                state["sum"] += lr**2
                state["x"].lerp_(state["z"], lr**2 / state["sum"])
                y.copy_((1 - b1) * state["z"] + b1 * state["x"])
                self.average = state["x"]


def lookahead(make, k, alpha):
    """Zhang et al. 2019, arXiv:1907.08610, Algorithm 1."""

    def around(p):
        inner = make(p)
        slow, step, count = p.detach().clone(), inner.step, [0]

        def both():
            step()
            count[0] += 1
            if count[0] % k == 0:
                slow.add_(alpha * (p.data - slow))
                p.data.copy_(slow)

        inner.step = both
        return inner

    return around


optim = torch.optim
settings = {
    "adamw": lambda p: optim.AdamW([p], lr=0.05),
    "adamw-recipe": lambda p: optim.AdamW([p], lr=0.05, betas=(0.9, 0.95), eps=1e-5, weight_decay=0.1),
    "sgd": lambda p: optim.SGD([p], lr=0.05),
    "sgd-momentum": lambda p: optim.SGD([p], lr=0.05, momentum=0.9, weight_decay=0.1),
    "sgd-dampening": lambda p: optim.SGD([p], lr=0.05, momentum=0.9, dampening=0.3),
    "nesterov": lambda p: optim.SGD([p], lr=0.05, momentum=0.9, nesterov=True, weight_decay=0.1),
    "rmsprop": lambda p: optim.RMSprop([p], lr=0.05),
    "rmsprop-momentum": lambda p: optim.RMSprop([p], lr=0.05, alpha=0.9, eps=1e-4, momentum=0.8, weight_decay=0.1),
    "adagrad": lambda p: optim.Adagrad([p], lr=0.05),
    "adagrad-decay": lambda p: optim.Adagrad(
        [p], lr=0.05, lr_decay=0.2, weight_decay=0.1, initial_accumulator_value=0.5, eps=1e-4
    ),
    "adam": lambda p: optim.Adam([p], lr=0.05),
    "adam-decay": lambda p: optim.Adam([p], lr=0.05, betas=(0.8, 0.95), eps=1e-5, weight_decay=0.1),
    "adamax": lambda p: optim.Adamax([p], lr=0.05),
    "adamax-decay": lambda p: optim.Adamax([p], lr=0.05, betas=(0.8, 0.95), eps=1e-5, weight_decay=0.1),
    "nadam": lambda p: optim.NAdam([p], lr=0.05),
    "nadam-decay": lambda p: optim.NAdam(
        [p], lr=0.05, betas=(0.8, 0.95), eps=1e-5, momentum_decay=0.1, weight_decay=0.1
    ),
    "adafactor": lambda p: optim.Adafactor([p], lr=0.5),
    "adafactor-decay": lambda p: optim.Adafactor(
        [p], lr=0.05, beta2_decay=-0.5, eps=(1e-4, 1e-2), d=1.5, weight_decay=0.1
    ),
    "muon": lambda p: optim.Muon([p], lr=0.05),
    "muon-plain": lambda p: optim.Muon([p], lr=0.05, momentum=0.8, weight_decay=0),
    "lamb": lambda p: LAMB([p], lr=0.05),
    "lamb-decay": lambda p: LAMB([p], lr=0.05, betas=(0.8, 0.95), eps=1e-5, weight_decay=0.1),
    "schedule-free": lambda p: ScheduleFree([p], lr=0.05),
    "schedule-free-decay": lambda p: ScheduleFree([p], lr=0.05, betas=(0.8, 0.95), eps=1e-5, weight_decay=0.1),
    "lookahead": lookahead(lambda p: optim.AdamW([p], lr=0.05), 2, 0.7),
}


def follow(make, factor=1.0, begin=start, given=gradients):
    """The parameter after each step, with the learning rate times `factor` after each."""
    parameter = torch.nn.Parameter(begin.clone())
    optimizer = make(parameter)
    path = []
    for gradient in given:
        parameter.grad = gradient.clone()
        optimizer.step()
        path.append(parameter.detach().clone())
        optimizer.param_groups[0]["lr"] *= factor
    return torch.stack(path)


torch.bfloat16 = torch.float32  # Muon's iteration in full precision
updates |= {name: follow(make) for name, make in settings.items()}
updates["adamw-halving"] = follow(settings["adamw-recipe"], 0.5)
updates["schedule-free-growing"] = follow(settings["schedule-free"], 1.2)
made = []
follow(lambda p: made.append(settings["schedule-free-decay"](p)) or made[0])
updates["schedule-free-average"] = made[0].average
updates["adafactor-vector"] = follow(settings["adafactor"], 1.0, start[0], gradients[:, 0])
updates["muon-wide"] = follow(settings["muon"], 1.0, start.T, gradients.transpose(1, 2))
pairs = follow(settings["adamw"], 1.0, start, (gradients[0::2] + gradients[1::2]) / 2)
updates["accumulating"] = torch.stack([start, pairs[0], pairs[0], pairs[1], pairs[1], pairs[2]])

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


def adaptive(parameters, limit=0.1, eps=1e-3):
    """Brock et al. 2021, arXiv:2102.06171, equation 3. A unit is a vector, or a row of anything else."""
    for p in parameters:
        norm = lambda x: x.norm() if x.ndim < 2 else x.flatten(1).norm(dim=1).view(-1, *[1] * (x.ndim - 1))
        most = norm(p.detach()).clamp(min=eps) * limit
        length = norm(p.grad)
        p.grad = torch.where(length > most, p.grad * (most / length.clamp(min=1e-6)), p.grad)


clipping["norm"] = clipped("global", lambda ps: torch.nn.utils.clip_grad_norm_(ps, 0.5), True)
clipped("norm", lambda ps: torch.nn.utils.clip_grad_norm_(ps, 0.5), False)
clipped("value", lambda ps: torch.nn.utils.clip_grad_value_(ps, 0.5), True)
clipped("adaptive", adaptive, True)

LENGTH = 30
LR = 0.4


def rates(make, lr=LR, metrics=None):
    optimizer = torch.optim.SGD([torch.nn.Parameter(torch.zeros(1))], lr=lr, momentum=0.9)
    scheduler = make(optimizer)
    found = []
    for step in range(LENGTH):
        found.append(optimizer.param_groups[0]["lr"])
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
    "polynomial": rates(lambda o: s.PolynomialLR(o, 20, power=2.5)),
    "join": rates(
        lambda o: s.SequentialLR(
            o, [s.LinearLR(o, 0.1, 1.0, 5), s.ExponentialLR(o, 0.8), s.ConstantLR(o, 1.0)], [5, 15]
        )
    ),
    "plateau": rates(lambda o: s.ReduceLROnPlateau(o, patience=2, factor=0.5, cooldown=3, min_lr=0.1), metrics=metrics),
    "plateau-max": rates(lambda o: s.ReduceLROnPlateau(o, mode="max", patience=1), metrics=[4 - m for m in metrics]),
    "metrics": torch.tensor(metrics, dtype=torch.float64),
}

for name, tensors in {"updates": updates, "clipping": clipping, "schedules": schedules}.items():
    tensors = {key: value.detach().contiguous().clone() for key, value in tensors.items()}
    save_file(tensors, folder / f"{name}.safetensors", {"torch": torch.__version__})
    print(f"torch {torch.__version__}: {len(tensors)} tensors in {name}")
