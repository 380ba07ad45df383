"""
A language model in PyTorch, as fast as possible: fused AdamW and attention, one projection for query, key, value.

With more than one expert each block has a loop over them, each of which computes the tokens that chose it. It is
trained, or reads a prompt and names the next token.
"""

import sys

import torch
import torch.nn.functional as F
from torch import nn

from measure import measure, setup

MODE = sys.argv[1]
V, D, L, H, T, B = map(int, sys.argv[2:8])
P, EXPERTS, STEPS, ENGINE, WORK = float(sys.argv[8]), int(sys.argv[9]), int(sys.argv[10]), sys.argv[11], sys.argv[12]
setup()


class FeedForward(nn.Module):
    def __init__(self):
        super().__init__()
        self.up, self.down = nn.Linear(D, 4 * D), nn.Linear(4 * D, D)

    def forward(self, x):
        return self.down(F.gelu(self.up(x)))


class MixtureOfExperts(nn.Module):
    """Dropless, one expert for each token, with a balancing loss and a z-loss."""

    def __init__(self):
        super().__init__()
        self.router = nn.Linear(D, EXPERTS, bias=False)
        self.experts = nn.ModuleList(FeedForward() for _ in range(EXPERTS))

    def forward(self, x):
        tokens = x.reshape(-1, D)
        logits = self.router(tokens)
        probabilities = F.softmax(logits, -1)
        gates, chosen = probabilities.max(-1)
        y = torch.zeros_like(tokens)
        for i, expert in enumerate(self.experts):
            own = (chosen == i).nonzero()[:, 0]
            y = y.index_add(0, own, gates[own, None] * expert(tokens[own]))
        load = F.one_hot(chosen, EXPERTS).float().mean(0)
        balancing = EXPERTS * (load * probabilities.mean(0)).sum()
        self.loss = 0.01 * balancing + 0.001 * torch.logsumexp(logits, -1).square().mean()
        return y.view_as(x)


class Block(nn.Module):
    def __init__(self):
        super().__init__()
        self.norm1, self.norm2 = nn.LayerNorm(D), nn.LayerNorm(D)
        self.qkv, self.out = nn.Linear(D, 3 * D), nn.Linear(D, D)
        self.feed_forward = FeedForward() if EXPERTS == 1 else MixtureOfExperts()
        self.drop = nn.Dropout(P)

    def forward(self, x):
        q, k, v = (z.view(B, T, H, D // H).transpose(1, 2) for z in self.qkv(self.norm1(x)).split(D, 2))
        y = F.scaled_dot_product_attention(q, k, v, is_causal=True, dropout_p=P)
        x = x + self.drop(self.out(y.transpose(1, 2).reshape(B, T, D)))
        return x + self.drop(self.feed_forward(self.norm2(x)))


class Model(nn.Module):
    def __init__(self):
        super().__init__()
        self.tokens, self.positions = nn.Embedding(V, D), nn.Embedding(T, D)
        self.drop, self.blocks = nn.Dropout(P), nn.ModuleList(Block() for _ in range(L))
        self.norm, self.head = nn.LayerNorm(D), nn.Linear(D, V, bias=False)

    def forward(self, x):
        h = self.drop(self.tokens(x) + self.positions.weight)
        for block in self.blocks:
            h = block(h)
        scores = self.head(self.norm(h))
        if MODE == "read":
            return scores[:, -1].argmax()
        loss = F.cross_entropy(scores.view(-1, V), x.view(-1))
        return loss if EXPERTS == 1 else loss + sum(block.feed_forward.loss for block in self.blocks)


model = Model()
optimizer = torch.optim.AdamW(model.parameters(), lr=1e-3, fused=True)
forward = torch.compile(model) if ENGINE == "torch-compiled" else model
x = torch.randint(0, V, (B, T))


def read():
    with torch.no_grad():
        return forward(x)


def train():
    loss = forward(x)
    loss.backward()
    optimizer.step()
    optimizer.zero_grad()
    return loss.detach()


measure({"train": train, "read": read}[MODE], STEPS, ENGINE, WORK)
