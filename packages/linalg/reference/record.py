"""Records what PyTorch's torch.linalg computes, in float64: decompositions, solutions and gradients.

PyTorch 2.15, safetensors 0.8: python record.py
"""

from pathlib import Path

import torch
from safetensors.torch import save_file

torch.manual_seed(1)
torch.set_default_dtype(torch.float64)
recorded = {}


def slopes(outputs, inputs):
    """The gradients of the outputs' sum, each element weighted by cos(1 + position)."""
    loss = sum((x * torch.cos(1 + torch.arange(x.numel())).reshape(x.shape)).sum() for x in outputs)
    return torch.autograd.grad(loss, inputs)


def record(name, tensors):
    recorded.update({f"{name}/{key}": value.detach().clone().contiguous() for key, value in tensors.items()})


matrices = {
    "square": torch.randn(5, 5),
    "tall": torch.randn(7, 3),
    "wide": torch.randn(3, 6),
    "stack": torch.randn(2, 3, 4, 3),
    "triangular": torch.triu(torch.randn(4, 4)),
    "column": torch.randn(4, 1),
    "row": torch.randn(1, 4),
}
for name, matrix in matrices.items():
    matrix.requires_grad_()
    q, r = torch.linalg.qr(matrix)
    (gradient,) = slopes((q, r), (matrix,))
    record(f"qr/{name}", {"a": matrix, "q": q, "r": r, "gradient": gradient})

x = torch.randn(6, 6)
symmetric = {
    "even": x + x.T,
    "odd": (x + x.T)[:5, :5],
    "one": torch.tensor([[-3.0]]),
    "two": torch.tensor([[2.0, 1.0], [1.0, -1.0]]),
    "stack": torch.randn(2, 3, 4, 4),
    "definite": torch.linalg.qr(x)[0] @ torch.diag(torch.tensor([1.0, 2, 4, 8, 16, 32])) @ torch.linalg.qr(x)[0].T,
}
for name, matrix in symmetric.items():
    matrix = (matrix.detach() / 2 + matrix.detach().mT / 2).requires_grad_()
    w, v = torch.linalg.eigh(matrix)
    (gradient,) = slopes((w, v * v), (matrix,))  # v * v has no sign
    gradient = (gradient + gradient.mT) / 2
    record(f"eigh/{name}", {"a": matrix, "eigenvalues": w, "squares": v * v, "gradient": gradient})

for name, lengths in {"plain": (5, 3), "stack": (2, 4, 2)}.items():
    for lower in (False, True):
        n = lengths[-2]
        a = (torch.randn(*lengths[:-2], n, n) + 3 * torch.eye(n)).requires_grad_()
        b = torch.randn(*lengths).requires_grad_()
        x = torch.linalg.solve_triangular(torch.tril(a) if lower else torch.triu(a), b, upper=not lower)
        gradients = slopes((x,), (a, b))
        key = f"solve/{name}-{'lower' if lower else 'upper'}"
        record(key, {"a": a, "b": b, "x": x, "gradientA": gradients[0], "gradientB": gradients[1]})

save_file(recorded, Path(__file__).parent / "linalg.safetensors")
