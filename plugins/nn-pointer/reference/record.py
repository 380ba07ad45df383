"""Records the loss and the gradients of pointer networks in PyTorch, step by step, with a loop over steps and rows.

One row at a time, without padding: what a padded batch must agree with. Weights have PyTorch's names. PyTorch 2.15,
float64, one thread. Run it with `python record.py`; it writes goldens/networks.json.
"""

import json
from pathlib import Path

import torch
from torch import nn

torch.set_num_threads(1)
torch.set_default_dtype(torch.float64)
INPUTS, HIDDEN, PLACES = 2, 4, 5


class Additive(nn.Module):
    """u_j = v . tanh(W1 e_j + W2 d), for e [places, hidden] and d [hidden]."""

    def __init__(self):
        super().__init__()
        self.key = nn.Linear(HIDDEN, HIDDEN, bias=False)
        self.query = nn.Linear(HIDDEN, HIDDEN, bias=False)
        self.score = nn.Linear(HIDDEN, 1, bias=False)

    def forward(self, e, d):
        return torch.stack([self.score(torch.tanh(self.key(e_j) + self.query(d)))[0] for e_j in e])


class SequenceEncoder(nn.Module):
    def __init__(self):
        super().__init__()
        self.lstm = nn.LSTM(INPUTS, HIDDEN)

    def forward(self, x):
        return self.lstm(x)


class SetEncoder(nn.Module):
    def __init__(self):
        super().__init__()
        layer = nn.TransformerEncoderLayer(HIDDEN, 2, 4 * HIDDEN, 0, "gelu", norm_first=True, batch_first=True)
        self.embedding = nn.Linear(INPUTS, HIDDEN)
        self.transformer = nn.TransformerEncoder(layer, 2, nn.LayerNorm(HIDDEN), enable_nested_tensor=False)
        self.bridge = nn.Linear(HIDDEN, 2 * HIDDEN)

    def forward(self, x):
        e = self.transformer(self.embedding(x)[None])[0]
        h, c = self.bridge(e.mean(0)).chunk(2)
        return e, (torch.tanh(h)[None], c[None])


class Choice(nn.Module):
    def __init__(self, glimpses, ends):
        super().__init__()
        self.pointer = Additive()
        if glimpses > 0:
            self.glimpse = Additive()
        if ends:
            self.end = nn.Parameter(torch.empty(HIDDEN))


class Network(nn.Module):
    def __init__(self, encoder=SequenceEncoder, glimpses=0, ends=False):
        super().__init__()
        self.encoder = encoder()
        self.decoder = nn.LSTM(INPUTS, HIDDEN)
        self.choice = Choice(glimpses, ends)
        self.first = nn.Parameter(torch.empty(INPUTS))
        self.glimpses, self.ends = glimpses, ends

    def scores(self, e, d, said):
        e = torch.cat([e, self.choice.end[None]]) if self.ends else e
        mask = torch.tensor([-torch.inf if place in said else 0.0 for place in range(len(e))])
        for _ in range(self.glimpses):
            d = torch.softmax(self.choice.glimpse(e, d) + mask, 0) @ e
        return self.choice.pointer(e, d) + mask

    def loss(self, x, target, once=False):
        """The sum of -ln p over one row; a target of len(x) is the end."""
        e, state = self.encoder(x)
        total, read, said = 0, self.first, []
        for place in target:
            d, state = self.decoder(read[None], state)
            u = self.scores(e, d[0], said if once else [])
            total = total - torch.log_softmax(u, 0)[place]
            said.append(place)
            read = x[place] if place < len(x) else None
        return total


class FixedChoice(nn.Module):
    def __init__(self, attends, ends):
        super().__init__()
        self.head = nn.Linear(2 * HIDDEN if attends else HIDDEN, PLACES + 1 if ends else PLACES)
        if attends:
            self.attention = Additive()


class SequenceToSequence(Network):
    def __init__(self, attends, **options):
        super().__init__(**options)
        self.choice = FixedChoice(attends, self.ends)
        self.attends = attends

    def scores(self, e, d, said):
        context = [torch.softmax(self.choice.attention(e, d), 0) @ e] if self.attends else []
        u = self.choice.head(torch.cat([d, *context]))
        return torch.cat([u[: len(e)], u[PLACES:]])


def listed(x):
    return {"shape": list(x.shape), "data": [round(value, 9) for value in x.detach().flatten().tolist()]}


def recorded(network, targets, **options):
    """Rows of different lengths if the targets have them: target lists without the end are one for each place."""
    for parameter in network.parameters():
        nn.init.uniform_(parameter, -0.8, 0.8)
    lengths = [len(target) if not network.ends else length for target, length in targets]
    rows = [torch.rand(length, INPUTS).requires_grad_() for length in lengths]
    full = [target + [length] if network.ends else target for (target, length) in targets]
    steps = sum(len(target) for target in full)
    loss = sum(network.loss(x, target, **options) for x, target in zip(rows, full)) / steps
    loss.backward()
    width = max(len(target) for target in full)
    # The end is the place after the last of the padded batch.
    ended = [[PLACES if network.ends and place == length else place for place in t] for t, length in zip(full, lengths)]
    padded = lambda x: torch.cat([x, torch.full((PLACES - len(x), INPUTS), 0.0)])
    return {
        "loss": round(loss.item(), 9),
        "elements": listed(torch.stack([padded(x) for x in rows])),
        "elementsGradient": listed(torch.stack([padded(x.grad) for x in rows])),
        "lengths": lengths,
        "target": [target + [-1] * (width - len(target)) for target in ended],
        "state": {name: listed(p) for name, p in network.named_parameters()},
        "gradient": {name: listed(p.grad) for name, p in network.named_parameters()},
    }


torch.manual_seed(1)
whole = [([2, 0, 4, 1, 3], 5), ([4, 3, 2, 1, 0], 5)]
chosen = [([2, 0, 4], 5), ([1, 0], 3), ([3, 1, 0, 2], 4)]
goldens = {
    "pointer": recorded(Network(), whole),
    "pointer-lengths": recorded(Network(), [([1, 0, 2], 3), ([4, 3, 2, 1, 0], 5), ([0, 1], 2)]),
    "pointer-glimpses-end-once": recorded(Network(glimpses=2, ends=True), chosen, once=True),
    "pointer-set": recorded(Network(encoder=SetEncoder, ends=True), chosen),
    "sequence-to-sequence": recorded(SequenceToSequence(False, ends=True), chosen),
    "sequence-to-sequence-attention": recorded(SequenceToSequence(True, ends=True), chosen),
}
path = Path(__file__).parent / "goldens" / "networks.json"
path.write_text(json.dumps(goldens, separators=(",", ":")) + "\n")
print(f"torch {torch.__version__}: {len(goldens)} networks, {path.stat().st_size // 1000} kB")
