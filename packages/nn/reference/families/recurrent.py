import torch
from recording import Family, leaf, whole

nn = torch.nn
family = Family("recurrent", 6)
TIME, BATCH = 4, 3


def recurrent(name, layer, lengths=None):
    """A layer from a given state, with every gradient; lengths use PyTorch's packed sequences."""
    places = layer.num_layers * (2 if layer.bidirectional else 1)
    inputs = {
        "x": leaf(TIME, BATCH, layer.input_size),
        "hidden": leaf(places, BATCH, layer.proj_size or layer.hidden_size),
    }
    if isinstance(layer, nn.LSTM):
        inputs["cell"] = leaf(places, BATCH, layer.hidden_size)

    def forward(layer, x, hidden, cell=None):
        sequence = (
            x if lengths is None else nn.utils.rnn.pack_padded_sequence(x, torch.tensor(lengths), enforce_sorted=False)
        )
        y, last = layer(sequence, hidden if cell is None else (hidden, cell))
        y = y if lengths is None else nn.utils.rnn.pad_packed_sequence(y, total_length=TIME)[0]
        return {"y": y, "lastHidden": last} if cell is None else {"y": y, "lastHidden": last[0], "lastCell": last[1]}

    family.module(name, layer, inputs, forward, {} if lengths is None else {"lengths": whole(lengths)})


recurrent("rnn", nn.RNN(3, 4))
recurrent("rnn-relu", nn.RNN(3, 4, nonlinearity="relu", bias=False))
recurrent("gru", nn.GRU(3, 4))
recurrent("gru-deep", nn.GRU(2, 3, num_layers=2, bidirectional=True), [4, 1, 3])
recurrent("lstm", nn.LSTM(3, 4))
recurrent("lstm-deep", nn.LSTM(2, 3, num_layers=2, bidirectional=True))
recurrent("lstm-lengths", nn.LSTM(2, 3, bidirectional=True), [2, 4, 1])
recurrent("lstm-projection", nn.LSTM(3, 4, proj_size=2, num_layers=2))

# Variants that PyTorch does not have, from the formulas of the papers.
x, hidden, cell = leaf(TIME, BATCH, 3), leaf(1, BATCH, 4), leaf(1, BATCH, 4)
W, U, b, d, p = leaf(16, 3), leaf(16, 4), leaf(16), leaf(16), leaf(3, 4)
h, c, outputs = hidden[0], cell[0], []
for t in range(TIME):
    i, f, g, o = (x[t] @ W.T + h @ U.T + b + d).chunk(4, -1)
    i, f = torch.sigmoid(i + p[0] * c), torch.sigmoid(f + p[1] * c)
    c = f * c + i * torch.tanh(g)
    h = torch.sigmoid(o + p[2] * c) * torch.tanh(c)
    outputs.append(h)
weights = {"weight_ih_l0": W, "weight_hh_l0": U, "bias_ih_l0": b, "bias_hh_l0": d}
family.record(
    "lstm-peephole",
    {"y": torch.stack(outputs), "lastHidden": h[None], "lastCell": c[None]},
    {"x": x, "hidden": hidden, "cell": cell, **weights, "weight_peephole_l0": p},
)

x, hidden = leaf(TIME, BATCH, 3), leaf(1, BATCH, 4)
W, U, b, d = leaf(12, 3), leaf(12, 4), leaf(12), leaf(12)
h, outputs = hidden[0], []
for t in range(TIME):
    r, z, n = (x[t] @ W.T + b).chunk(3, -1)
    (Ur, Uz, Un), (dr, dz, dn) = U.chunk(3), d.chunk(3)
    r, z = torch.sigmoid(r + h @ Ur.T + dr), torch.sigmoid(z + h @ Uz.T + dz)
    h = (1 - z) * torch.tanh(n + (r * h) @ Un.T + dn) + z * h
    outputs.append(h)
family.record(
    "gru-before",
    {"y": torch.stack(outputs), "lastHidden": h[None]},
    {"x": x, "hidden": hidden, "weight_ih_l0": W, "weight_hh_l0": U, "bias_ih_l0": b, "bias_hh_l0": d},
)


class LanguageModel(nn.Module):
    def __init__(self, vocabulary, width, layers):
        super().__init__()
        self.tokens, self.lstm, self.head = (
            nn.Embedding(vocabulary, width),
            nn.LSTM(width, width, num_layers=layers, batch_first=True),
            nn.Linear(width, vocabulary),
        )

    def forward(self, x):
        return self.head(self.lstm(self.tokens(x))[0])


family.module("lstm-lm", LanguageModel(5, 4, 2), {"x": whole([[1, 4, 0], [2, 2, 3]])})
family.save()
