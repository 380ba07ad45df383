"""nn.Transformer, an encoder and a decoder that attends to it, with fused AdamW."""

import sys

import torch
import torch.nn.functional as F
from torch import nn

from measure import measure, setup

V, D, L, H, HIDDEN, T, B, STEPS = map(int, sys.argv[1:9])
ENGINE, WORK = sys.argv[9], sys.argv[10]
setup()


class Translator(nn.Module):
    def __init__(self):
        super().__init__()
        self.source, self.target, self.positions = nn.Embedding(V, D), nn.Embedding(V, D), nn.Embedding(T, D)
        self.transformer = nn.Transformer(D, H, L, L, HIDDEN, dropout=0.0, batch_first=True)
        self.head = nn.Linear(D, V)
        self.register_buffer("causal", nn.Transformer.generate_square_subsequent_mask(T))

    def forward(self, source, target):
        read, written = self.source(source) + self.positions.weight, self.target(target) + self.positions.weight
        y = self.transformer(read, written, tgt_mask=self.causal, tgt_is_causal=True)
        return F.cross_entropy(self.head(y).view(-1, V), target.view(-1))


model = Translator()
optimizer = torch.optim.AdamW(model.parameters(), lr=1e-3, fused=True)
forward = torch.compile(model) if ENGINE == "torch-compiled" else model
source, target = torch.randint(0, V, (B, T)), torch.randint(0, V, (B, T))


def step():
    loss = forward(source, target)
    loss.backward()
    optimizer.step()
    optimizer.zero_grad()
    return loss.detach()


measure(step, STEPS, ENGINE, WORK)
