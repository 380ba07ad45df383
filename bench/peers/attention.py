"""Exact causal attention, forward and backward, by scaled_dot_product_attention."""

import sys

import torch
import torch.nn.functional as F

from measure import measure, setup

*SHAPE, STEPS = map(int, sys.argv[1:6])
ENGINE, WORK = sys.argv[6], sys.argv[7]
setup()

query, key, value = (torch.randn(SHAPE, requires_grad=True) for _ in range(3))
weights = torch.randn(SHAPE)


def attend():
    return (F.scaled_dot_product_attention(query, key, value, is_causal=True) * weights).sum()


forward = torch.compile(attend) if ENGINE == "torch-compiled" else attend


def step():
    for x in (query, key, value):
        x.grad = None
    loss = forward()
    loss.backward()
    return loss.detach()


measure(step, STEPS, ENGINE, WORK)
