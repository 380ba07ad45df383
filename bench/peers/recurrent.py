"""A recurrent language model with gradient descent, of the layer nn.LSTM or nn.GRU."""

import sys

import torch
import torch.nn.functional as F
from torch import nn

from measure import measure, setup

LAYER = sys.argv[1]
V, D, T, B, STEPS = map(int, sys.argv[2:7])
ENGINE, WORK = sys.argv[7], sys.argv[8]
setup()


class Model(nn.Module):
    def __init__(self):
        super().__init__()
        self.embedding, self.recurrent = nn.Embedding(V, D), getattr(nn, LAYER)(D, D)
        self.head = nn.Linear(D, V, bias=False)

    def forward(self, x):
        return F.cross_entropy(self.head(self.recurrent(self.embedding(x))[0]).view(-1, V), x.view(-1))


model = Model()
optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
forward = torch.compile(model) if ENGINE == "torch-compiled" else model
x = torch.randint(0, V, (T, B))


def step():
    loss = forward(x)
    loss.backward()
    optimizer.step()
    optimizer.zero_grad()
    return loss.detach()


measure(step, STEPS, ENGINE, WORK)
