"""A bidirectional LSTM with F.ctc_loss and fused AdamW."""

import sys

import torch
import torch.nn.functional as F
from torch import nn

from measure import measure, setup

FEATURES, D, CLASSES, T, B, LABELS, STEPS = map(int, sys.argv[1:8])
ENGINE, WORK = sys.argv[8], sys.argv[9]
setup()


class Recognizer(nn.Module):
    def __init__(self):
        super().__init__()
        self.lstm, self.head = nn.LSTM(FEATURES, D, bidirectional=True), nn.Linear(2 * D, CLASSES)

    def forward(self, x):
        return F.log_softmax(self.head(self.lstm(x)[0]), -1)


model = Recognizer()
optimizer = torch.optim.AdamW(model.parameters(), lr=1e-3, fused=True)
forward = torch.compile(model) if ENGINE == "torch-compiled" else model
x, y = torch.randn(T, B, FEATURES), torch.randint(1, CLASSES, (B, LABELS))
times, lengths = torch.full((B,), T), torch.full((B,), LABELS)


def step():
    loss = F.ctc_loss(forward(x), y, times, lengths)
    loss.backward()
    optimizer.step()
    optimizer.zero_grad()
    return loss.detach()


measure(step, STEPS, ENGINE, WORK)
