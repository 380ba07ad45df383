"""A perceptron of 784, 512 and 10 units with fused Adam."""

import sys

import torch
import torch.nn.functional as F
from torch import nn

from measure import measure, setup

STEPS, ENGINE, WORK = int(sys.argv[1]), sys.argv[2], sys.argv[3]
setup()
model = nn.Sequential(nn.Linear(784, 512), nn.ReLU(), nn.Linear(512, 10))
optimizer = torch.optim.Adam(model.parameters(), fused=True)
forward = torch.compile(model) if ENGINE == "torch-compiled" else model
x, y = torch.randn(64, 784), torch.randint(0, 10, (64,))


def step():
    loss = F.cross_entropy(forward(x), y)
    loss.backward()
    optimizer.step()
    optimizer.zero_grad()
    return loss.detach()


measure(step, STEPS, ENGINE, WORK)
