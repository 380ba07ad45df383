"""Records PyTorch's L-BFGS on two problems, with and without its line search.

    python record-lbfgs.py

writes lbfgs.safetensors beside it, for each of the settings below:
    rosenbrock/SETTING: from (-1.2, 1), the point after each of 12 steps and the loss before it;
    logistic/SETTING: of a logistic regression on `inputs` [40, 3] and `labels` [40] with decay 0.01, the weights and
    the bias after each of 6 steps and the loss before it.
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

    def closure():
        optimizer.zero_grad()
        value = loss()
        value.backward()
        return value

    path = []
    for _ in range(steps):
        before = optimizer.step(closure).item()
        path.append(torch.cat([p.detach().reshape(-1) for p in parameters] + [torch.tensor([before])]))
    tensors[name] = torch.stack(path)


for name, options in settings.items():
    if name != "plain":
        x = torch.tensor([-1.2, 1.0], requires_grad=True)
        rosenbrock = lambda: (1 - x[0]) ** 2 + 100 * (x[1] - x[0] ** 2) ** 2
        follow(f"rosenbrock/{name}", [x], rosenbrock, 12, **{"max_iter": 4, **options})
    w, b = torch.zeros(3, requires_grad=True), torch.zeros((), requires_grad=True)
    logistic = lambda: F.binary_cross_entropy_with_logits(inputs @ w + b, labels) + 0.01 * (w**2).sum()
    follow(f"logistic/{name}", [w, b], logistic, 6, **{"max_iter": 5, **options})

tensors = {key: value.detach().contiguous().clone() for key, value in tensors.items()}
save_file(tensors, Path(__file__).with_name("lbfgs.safetensors"), {"torch": torch.__version__})
print(f"torch {torch.__version__}: {len(tensors)} tensors")
