"""A language model in PyTorch generates text, token by token, with a key-value cache."""

import sys

import torch
import torch.nn.functional as F
from torch import nn

from measure import measure, setup

V, D, L, H, T, LENGTH, STEPS = map(int, sys.argv[1:8])
ENGINE, WORK = sys.argv[8], sys.argv[9]
setup()


class Block(nn.Module):
    def __init__(self):
        super().__init__()
        self.norm1, self.norm2 = nn.LayerNorm(D), nn.LayerNorm(D)
        self.qkv, self.out = nn.Linear(D, 3 * D), nn.Linear(D, D)
        self.up, self.down = nn.Linear(D, 4 * D), nn.Linear(4 * D, D)
        self.register_buffer("cache", torch.zeros(2, 1, H, T, D // H))

    def forward(self, x, position):
        q, k, v = (z.view(1, 1, H, D // H).transpose(1, 2) for z in self.qkv(self.norm1(x)).split(D, 2))
        self.cache[0, :, :, position] = k[:, :, 0]
        self.cache[1, :, :, position] = v[:, :, 0]
        keys, values = self.cache[0, :, :, : position + 1], self.cache[1, :, :, : position + 1]
        y = F.scaled_dot_product_attention(q, keys, values)
        x = x + self.out(y.transpose(1, 2).reshape(1, 1, D))
        return x + self.down(F.gelu(self.up(self.norm2(x))))


tokens, positions = nn.Embedding(V, D), nn.Embedding(T, D)
blocks = nn.ModuleList(Block() for _ in range(L))
norm, head = nn.LayerNorm(D), nn.Linear(D, V, bias=False)


def write():
    token = torch.zeros(1, 1, dtype=torch.long)
    for position in range(LENGTH):
        x = tokens(token) + positions.weight[position]
        for block in blocks:
            x = block(x, position)
        token = torch.multinomial(F.softmax(head(norm(x))[:, 0], -1), 1)
        token.item()
    return token


def step():
    with torch.no_grad():
        return write()


measure(step, STEPS, ENGINE, WORK)
