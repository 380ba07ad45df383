"""Records PyTorch's L-BFGS on two problems, with and without its line search.

    python record-lbfgs.py

writes lbfgs.safetensors beside it, for each of the settings below:
    rosenbrock/SETTING: from (-1.2, 1), the point after each of 12 steps and the loss before it;
    logistic/SETTING: of a logistic regression on `inputs` [40, 3] and `labels` [40] with decay 0.01, the weights and
    the bias after each of 6 steps and the loss before it;
    well/far, kink/fine, quartic/slow, missing/plain: the same for what ends or bends a search otherwise, see below;
    each with NAME/evaluations, how often each step evaluated the loss.
PyTorch 2.15, float64.
"""

from pathlib import Path

import torch
import torch.nn.functional as F
from safetensors.torch import save_file

torch.set_default_dtype(torch.float64)
torch.manual_seed(3)
inputs = torch.randn(40, 3)
labels = (torch.rand(40) < torch.sigmoid(inputs @ torch.tensor([2.0, -1.0, 0.5]) + 0.3)).double()
tensors = {"inputs": inputs, "labels": labels}
settings = {
    "wolfe": {"line_search_fn": "strong_wolfe"},
    "short": {"line_search_fn": "strong_wolfe", "history_size": 2, "max_eval": 3, "lr": 0.3},
    "far": {"line_search_fn": "strong_wolfe", "lr": 50, "max_eval": 60, "max_iter": 6},
    "plain": {"lr": 0.2, "history_size": 3},
}


def follow(name, parameters, loss, steps, **options):
    optimizer = torch.optim.LBFGS(parameters, **options)

    calls = 0

    def closure():
        nonlocal calls
        calls += 1
        optimizer.zero_grad()
        value = loss()
        value.backward()
        return value

    path, evaluations = [], []
    for _ in range(steps):
        calls = 0
        before = optimizer.step(closure).item()
        path.append(torch.cat([p.detach().reshape(-1) for p in parameters] + [torch.tensor([before])]))
        evaluations.append(float(calls))
    tensors[name] = torch.stack(path)
    tensors[f"{name}/evaluations"] = torch.tensor(evaluations)


for name, options in settings.items():
    if name != "plain":
        x = torch.tensor([-1.2, 1.0], requires_grad=True)
        rosenbrock = lambda: (1 - x[0]) ** 2 + 100 * (x[1] - x[0] ** 2) ** 2
        follow(f"rosenbrock/{name}", [x], rosenbrock, 12, **{"max_iter": 4, **options})
    w, b = torch.zeros(3, requires_grad=True), torch.zeros((), requires_grad=True)
    logistic = lambda: F.binary_cross_entropy_with_logits(inputs @ w + b, labels) + 0.01 * (w**2).sum()
    follow(f"logistic/{name}", [w, b], logistic, 6, **{"max_iter": 5, **options})


def special(name, start, loss, steps, **options):
    x = torch.tensor(start, requires_grad=True)
    follow(name, [x], lambda: loss(x), steps, **options)


wolfe = {"line_search_fn": "strong_wolfe"}
# The slope grows on the way down, so that the cubic through two points has no minimum.
well = lambda x: -torch.exp(-0.5 * (x**2).sum())
special("well/far", [2.5, 1.5], well, 3, **wolfe, lr=30, max_iter=3)
# The slope is never flat enough, so that the bracket shrinks until it is narrow.
kink = lambda x: torch.abs(x - 0.3).sum() + 0.1 * (x**2).sum()
special("kink/fine", [1.0, -0.7], kink, 3, **wolfe, max_iter=3, max_eval=150)
# The loss hardly changes while the parameters and the gradient still do.
special("quartic/slow", [0.1, 0.08], lambda x: (x**4).sum(), 3, lr=0.1, max_iter=150, max_eval=200)
# A gradient of NaN is no minimum.
missing = lambda x: (x * torch.tensor([float("nan"), 1.0])).sum() + (x[1] - 2) ** 2
special("missing/plain", [1.0, 1.0], missing, 2, max_iter=2)
special("missing/wolfe", [1.0, 1.5], missing, 1, **wolfe, max_iter=2)

tensors = {key: value.detach().contiguous().clone() for key, value in tensors.items()}
save_file(tensors, Path(__file__).with_name("lbfgs.safetensors"), {"torch": torch.__version__})
print(f"torch {torch.__version__}: {len(tensors)} tensors")
