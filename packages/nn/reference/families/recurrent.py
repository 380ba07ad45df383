import numpy as np
import onnx
import torch
from onnx.reference import ReferenceEvaluator
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



def same_as_onnx(op, results, inputs, **attributes):
    """Compares results with those of ONNX's own operator, in its reference implementation."""
    values = {name: np.float32(x.detach()[None] if name in "WRBP" else x.detach()) for name, x in inputs.items()}
    places = {"LSTM": "X W R B lengths initial_h initial_c P", "GRU": "X W R B lengths initial_h"}[op].split()
    given = [name if name in values else "" for name in places]
    outputs = ["Y", "Y_h", "Y_c"][: len(results)]
    node = onnx.helper.make_node(op, given, outputs, hidden_size=results[1].shape[-1], **attributes)
    found = ReferenceEvaluator(node).run(None, values)
    for name, ours, theirs in zip(outputs, results, found):
        theirs = theirs[:, 0] if name == "Y" else theirs
        np.testing.assert_allclose(ours.detach().numpy(), theirs, rtol=1e-5, atol=1e-6, err_msg=f"{op} {name}")


# Variants that PyTorch does not have, from the formulas of the papers. ONNX has both: results are compared with its.
x, hidden, cell = leaf(TIME, BATCH, 3), leaf(1, BATCH, 4), leaf(1, BATCH, 4)
W, U, b, d, p = leaf(16, 3), leaf(16, 4), leaf(16), leaf(16), leaf(3, 4)
h, c, outputs = hidden[0], cell[0], []
for t in range(TIME):
    i, f, g, o = (x[t] @ W.T + h @ U.T + b + d).chunk(4, -1)
    i, f = torch.sigmoid(i + p[0] * c), torch.sigmoid(f + p[1] * c)
    c = f * c + i * torch.tanh(g)
    h = torch.sigmoid(o + p[2] * c) * torch.tanh(c)
    outputs.append(h)
reordered = lambda x: torch.cat([x.chunk(4)[gate] for gate in (0, 3, 1, 2)])  # ONNX's order is i, o, f, g
same_as_onnx(
    "LSTM",
    [torch.stack(outputs), h[None], c[None]],
    {
        "X": x,
        "W": reordered(W),
        "R": reordered(U),
        "B": torch.cat([reordered(b), reordered(d)]),
        "initial_h": hidden,
        "initial_c": cell,
        "P": torch.cat([p[0], p[2], p[1]]),
    },
)
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
swapped = lambda x: torch.cat([x.chunk(3)[gate] for gate in (1, 0, 2)])  # ONNX's order is z, r, n
same_as_onnx(
    "GRU",
    [torch.stack(outputs), h[None]],
    {"X": x, "W": swapped(W), "R": swapped(U), "B": torch.cat([swapped(b), swapped(d)]), "initial_h": hidden},
    linear_before_reset=0,
)
family.record(
    "gru-before",
    {"y": torch.stack(outputs), "lastHidden": h[None]},
    {"x": x, "hidden": hidden, "weight_ih_l0": W, "weight_hh_l0": U, "bias_ih_l0": b, "bias_hh_l0": d},
)


class LanguageModel(nn.Module):
    def __init__(self, vocabulary, width, layers, tied=False):
        super().__init__()
        self.tokens, self.lstm, self.head = (
            nn.Embedding(vocabulary, width),
            nn.LSTM(width, width, num_layers=layers, batch_first=True),
            nn.Linear(width, vocabulary),
        )
        if tied:
            self.head.weight = self.tokens.weight

    def forward(self, x, hidden=None, cell=None):
        if hidden is None:
            return self.head(self.lstm(self.tokens(x))[0])
        outputs, last = self.lstm(self.tokens(x), (hidden, cell))
        return {"y": self.head(outputs), "lastHidden": last[0], "lastCell": last[1]}


family.module("lstm-lm", LanguageModel(5, 4, 2), {"x": whole([[1, 4, 0], [2, 2, 3]])})
family.module(
    "lstm-lm-tied",
    LanguageModel(5, 4, 2, tied=True),
    {"x": whole([[1, 4, 0], [2, 2, 3]]), "hidden": leaf(2, 2, 4), "cell": leaf(2, 2, 4)},
)
family.save()
