import torch
import torch.nn.functional as F
from recording import Family, leaf, whole

nn = torch.nn
family = Family("attention", 8)
record, module = family.record, family.module
WIDTH, HEADS, TIME, BATCH = 8, 2, 5, 2
lengths = [3, 5]
allowed = torch.arange(TIME) < torch.tensor(lengths)[:, None]
later = torch.triu(torch.ones(TIME, TIME, dtype=torch.bool), 1)


def perturbed(layer):
    """With random biases and norms instead of zeros and ones."""
    with torch.no_grad():
        for parameter in layer.parameters():
            if parameter.ndim == 1:
                parameter.add_(0.3 * torch.randn_like(parameter))
    return layer


for name, options in {
    "plain": {},
    "causal": {"is_causal": True},
    "mask": {"attn_mask": allowed[:, None, None]},
    "bias": {"attn_mask": torch.randn(HEADS, TIME, TIME)},
}.items():
    q, k, v = leaf(BATCH, HEADS, TIME, 4), leaf(BATCH, HEADS, TIME, 4), leaf(BATCH, HEADS, TIME, 4)
    record(
        f"attention-{name}",
        F.scaled_dot_product_attention(q, k, v, **options),
        {"q": q, "k": k, "v": v},
        {"given": options.get("attn_mask", torch.zeros(1)).float()},
    )

heads = lambda: perturbed(nn.MultiheadAttention(WIDTH, HEADS, batch_first=True))
x = {"x": leaf(BATCH, TIME, WIDTH)}
module("selfAttention", heads(), x, lambda m, x: m(x, x, x, need_weights=False)[0])
module("selfAttention-causal", heads(), x, lambda m, x: m(x, x, x, attn_mask=later, need_weights=False)[0])
module(
    "selfAttention-padding",
    heads(),
    x,
    lambda m, x: m(x, x, x, key_padding_mask=~allowed, need_weights=False)[0],
    {"lengths": whole(lengths)},
)
module(
    "crossAttention",
    heads(),
    {"x": leaf(BATCH, 3, WIDTH), "context": leaf(BATCH, TIME, WIDTH)},
    lambda m, x, context: m(x, context, context, need_weights=False)[0],
)

# Grouped queries, rotary positions and ALiBi from the papers' formulas.
split = lambda x, w, b, n: F.linear(x, w, b).view(BATCH, TIME, n, -1).transpose(1, 2)
parts = (("weight", 2), ("bias", 1))


def projections(kv):
    rows = {"query": WIDTH, "key": kv, "value": kv, "output": WIDTH}
    return {
        f"{name}.{part}": (0.4 * torch.randn(*[n, WIDTH][:axes])).requires_grad_()
        for name, n in rows.items()
        for part, axes in parts
    }


def composed(name, kv_heads, turn=lambda q, k: (q, k), bias=None):
    x, p = leaf(BATCH, TIME, WIDTH), projections(WIDTH // 4 * kv_heads)
    q, k, v = (
        split(x, p[f"{n}.weight"], p[f"{n}.bias"], c) for n, c in (("query", 4), ("key", kv_heads), ("value", kv_heads))
    )
    q, k = turn(q, k)
    k, v = (y.repeat_interleave(4 // kv_heads, 1) for y in (k, v))
    mask = (
        torch.zeros(TIME, TIME).masked_fill(later, -torch.inf) if bias is None else bias.masked_fill(later, -torch.inf)
    )
    mixed = F.scaled_dot_product_attention(q, k, v, attn_mask=mask)
    record(
        name,
        F.linear(mixed.transpose(1, 2).reshape(BATCH, TIME, WIDTH), p["output.weight"], p["output.bias"]),
        {"x": x, **p},
    )


def rotated(x, offset=0):
    """Su et al. 2021, equation 13, by complex numbers."""
    features = x.shape[-1]
    theta = 10000.0 ** (-torch.arange(0, features, 2).float() / features)
    angles = (offset + torch.arange(x.shape[-2])).float()[:, None] * theta
    turned = torch.view_as_complex(x.view(*x.shape[:-1], -1, 2)) * torch.polar(torch.ones_like(angles), angles)
    return torch.view_as_real(turned).flatten(-2)


slopes = torch.tensor([2.0 ** (-8 * (i + 1) / 4) for i in range(4)])
distance = torch.arange(TIME)[:, None] - torch.arange(TIME)
composed("groupedQuery", 2)
composed("rotaryAttention", 4, lambda q, k: (rotated(q), rotated(k)))
composed("alibiAttention", 4, bias=-slopes[:, None, None] * distance)
y = leaf(2, 3, 8)
record("rotary", rotated(y, 7), {"x": y})
place = torch.arange(6).float()[:, None] / 10000.0 ** (torch.arange(0, 8, 2).float() / 8)
family.tensors["sinusoidal/y"] = torch.stack([place.sin(), place.cos()], -1).flatten(1)

q, k, W1, W2, v = leaf(BATCH, 3), leaf(BATCH, TIME, 4), leaf(5, 4), leaf(5, 3), leaf(1, 5)
scores = (torch.tanh(k @ W1.T + (q @ W2.T)[:, None]) @ v.T)[..., 0].masked_fill(~allowed, -torch.inf)
weights = scores.softmax(-1)
record(
    "additive",
    {"y": (weights[..., None] * k).sum(1), "weights": weights},
    {"query": q, "keys": k, "key.weight": W1, "query.weight": W2, "score.weight": v},
    {"lengths": whole(lengths)},
)

layer = {"dim_feedforward": 6, "dropout": 0.0, "batch_first": True}
for norm in ("post", "pre"):
    first = norm == "pre"
    module(
        f"encoderLayer-{norm}",
        perturbed(nn.TransformerEncoderLayer(WIDTH, HEADS, norm_first=first, **layer)),
        {"x": leaf(BATCH, TIME, WIDTH)},
    )
    module(
        f"decoderLayer-{norm}",
        perturbed(nn.TransformerDecoderLayer(WIDTH, HEADS, norm_first=first, **layer)),
        {"x": leaf(BATCH, TIME, WIDTH), "memory": leaf(BATCH, 4, WIDTH)},
        lambda m, x, memory: m(x, memory, tgt_mask=later),
    )
encoder = perturbed(
    nn.TransformerEncoder(
        nn.TransformerEncoderLayer(WIDTH, HEADS, norm_first=True, activation="gelu", **layer),
        1,
        nn.LayerNorm(WIDTH),
        enable_nested_tensor=False,
    )
)
module(
    "encoder",
    encoder,
    {"x": leaf(BATCH, TIME, WIDTH)},
    lambda m, x: m(x, src_key_padding_mask=~allowed),
    {"lengths": whole(lengths)},
)
full = perturbed(nn.Transformer(WIDTH, HEADS, 1, 1, **layer))
module(
    "encoderDecoder",
    full,
    {"source": leaf(BATCH, TIME, WIDTH), "target": leaf(BATCH, 3, WIDTH)},
    lambda m, source, target: m(
        source, target, tgt_mask=later[:3, :3], src_key_padding_mask=~allowed, memory_key_padding_mask=~allowed
    ),
    {"lengths": whole(lengths)},
)

# Bahdanau et al. 2014 with PyTorch's GRU.
E, H, S, T = 3, 4, 5, 6
parts = {
    "sourceEmbedding": nn.Embedding(S, E),
    "targetEmbedding": nn.Embedding(T, E),
    "encoder": nn.GRU(E, H, bidirectional=True),
    "bridge": nn.Linear(2 * H, H),
    "decoder": nn.GRU(E + 2 * H, H),
    "head": nn.Linear(3 * H, T),
}
parts |= {
    "attention.key": nn.Linear(2 * H, H, bias=False),
    "attention.query": nn.Linear(H, H, bias=False),
    "attention.score": nn.Linear(H, 1, bias=False),
}
source, target = torch.randint(0, S, (BATCH, TIME)), torch.randint(0, T, (BATCH, 3))
packed = nn.utils.rnn.pack_padded_sequence(
    parts["sourceEmbedding"](source.T), torch.tensor(lengths), enforce_sorted=False
)
outputs, last = parts["encoder"](packed)
keys = nn.utils.rnn.pad_packed_sequence(outputs, total_length=TIME)[0].transpose(0, 1)
state = torch.tanh(parts["bridge"](torch.cat([last[0], last[1]], -1)))
logits = []
for t in range(3):
    scores = parts["attention.score"](
        torch.tanh(parts["attention.key"](keys) + parts["attention.query"](state)[:, None])
    )[..., 0].masked_fill(~allowed, -torch.inf)
    context = (scores.softmax(-1)[..., None] * keys).sum(1)
    output, hidden = parts["decoder"](
        torch.cat([parts["targetEmbedding"](target[:, t]), context], -1)[None], state[None]
    )
    state = hidden[0]
    logits.append(parts["head"](torch.cat([state, context], -1)))
weights = {f"{name}.{key}": value for name, part in parts.items() for key, value in part.named_parameters()}
record("seq2seq", torch.stack(logits, 1), weights, {"source": source, "target": target, "lengths": whole(lengths)})

family.save()
