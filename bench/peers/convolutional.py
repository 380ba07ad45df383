"""A convolutional network that classifies images with fused AdamW: as large as LeNet, or a small residual network."""

import sys

import torch
import torch.nn.functional as F
from torch import nn

from measure import measure, setup

NAME = sys.argv[1]
B, C, H, W, STEPS = map(int, sys.argv[2:7])
ENGINE, WORK = sys.argv[7], sys.argv[8]
setup()


def filters(inputs):
    return [nn.Conv2d(inputs, 16, 3, padding=1, bias=False), nn.BatchNorm2d(16)]


class Residual(nn.Module):
    def __init__(self):
        super().__init__()
        self.inner = nn.Sequential(*filters(16), nn.ReLU(), *filters(16))

    def forward(self, x):
        return F.relu(x + self.inner(x))


def lenet():
    features = [nn.Conv2d(C, 16, 5), nn.ReLU(), nn.MaxPool2d(2), nn.Conv2d(16, 32, 5), nn.ReLU(), nn.MaxPool2d(2)]
    return nn.Sequential(*features, nn.Flatten(), nn.Linear(512, 128), nn.ReLU(), nn.Linear(128, 10))


def resnet():
    blocks = [Residual() for _ in range(3)]
    return nn.Sequential(
        *filters(C), nn.ReLU(), *blocks, nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(16, 10)
    )


model = {"lenet": lenet, "resnet": resnet}[NAME]()
optimizer = torch.optim.AdamW(model.parameters(), lr=1e-3, fused=True)
forward = torch.compile(model) if ENGINE == "torch-compiled" else model
x, y = torch.randn(B, C, H, W), torch.randint(0, 10, (B,))


def step():
    loss = F.cross_entropy(forward(x), y)
    loss.backward()
    optimizer.step()
    optimizer.zero_grad()
    return loss.detach()


measure(step, STEPS, ENGINE, WORK)
