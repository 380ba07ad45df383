import torch
import torch.nn.functional as F
from recording import Family, leaf, whole, with_masks
from transformers import LlamaConfig
from transformers.models.bloom import modeling_bloom as bloom
from transformers.models.gptj import modeling_gptj as gptj
from transformers.models.llama import modeling_llama as llama
from transformers.models.xlm import modeling_xlm as xlm

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

module(
    "selfAttention-unbiased",
    nn.MultiheadAttention(WIDTH, HEADS, bias=False, batch_first=True),
    x,
    lambda m, x: m(x, x, x, need_weights=False)[0],
)

# Grouped queries by PyTorch's own; rotary positions and ALiBi by the functions of transformers.
split = lambda x, w, b, n: F.linear(x, w, b).view(BATCH, TIME, n, -1).transpose(1, 2)
parts = (("weight", 2), ("bias", 1))


def projections(kv):
    rows = {"query": WIDTH, "key": kv, "value": kv, "output": WIDTH}
    return {
        f"{name}.{part}": (0.4 * torch.randn(*[n, WIDTH][:axes])).requires_grad_()
        for name, n in rows.items()
        for part, axes in parts
    }


def composed(name, kv_heads, turn=lambda x: x, mask=None):
    x, p = leaf(BATCH, TIME, WIDTH), projections(WIDTH // 4 * kv_heads)
    q, k, v = (
        split(x, p[f"{n}.weight"], p[f"{n}.bias"], c) for n, c in (("query", 4), ("key", kv_heads), ("value", kv_heads))
    )
    mask = torch.zeros(TIME, TIME).masked_fill(later, -torch.inf) if mask is None else mask
    mixed = F.scaled_dot_product_attention(turn(q), turn(k), v, attn_mask=mask, enable_gqa=True)
    record(
        name,
        F.linear(mixed.transpose(1, 2).reshape(BATCH, TIME, WIDTH), p["output.weight"], p["output.bias"]),
        {"x": x, **p},
    )


def rotated(x, offset=0):
    """GPT-J's rotary positions, of neighbours as in the paper; x is [batch, heads, time, features]."""
    time, features = x.shape[-2:]
    table = gptj.create_sinusoidal_positions(offset + time, features)[None, offset:]
    sin, cos = table.split(features // 2, -1)
    return gptj.apply_rotary_pos_emb(x.transpose(1, 2), sin, cos).transpose(1, 2)


def rotated_in_halves(x, base):
    """LLaMA's rotary positions, of halves: x and the result have their features in pairs of neighbours."""
    features = x.shape[-1]
    rope = {"rope_type": "default", "rope_theta": base}
    config = LlamaConfig(hidden_size=features, num_attention_heads=1, rope_parameters=rope)
    halves = torch.cat([x[..., 0::2], x[..., 1::2]], -1)
    cos, sin = llama.LlamaRotaryEmbedding(config)(halves, torch.arange(x.shape[-2])[None])
    turned = llama.apply_rotary_pos_emb(halves, halves, cos, sin)[0]
    return torch.stack(turned.chunk(2, -1), -1).flatten(-2)


composed("groupedQuery", 2)
composed("rotaryAttention", 4, rotated)
composed("rotaryAttention-base", 2, lambda x: rotated_in_halves(x, 100.0))
alibi = bloom.build_alibi_tensor(torch.ones(1, TIME), 4, torch.float32)  # from the last key, right for causal attention
composed("alibiAttention", 4, mask=alibi.masked_fill(later, -torch.inf))
# Both directions have no counterpart in transformers: the distance to each key, in the closed form.
apart = (torch.arange(TIME)[:, None] - torch.arange(TIME)).abs()
slopes = torch.tensor([2.0**-2, 2.0**-4, 2.0**-6, 2.0**-8])
composed("alibiAttention-both", 4, mask=-slopes[:, None, None] * apart)
family.tensors["alibi-slopes/y"] = bloom.build_alibi_tensor(torch.ones(1, 2), 6, torch.float32)[:, 0, 1]
y = leaf(1, 2, 3, 8)
record("rotary", rotated(y, 7), {"x": y})
y = leaf(1, 2, 3, 8)
record("rotary-base", rotated_in_halves(y, 500_000.0), {"x": y})
place = torch.empty(6, 8)
family.tensors["sinusoidal/y"] = xlm.create_sinusoidal_embeddings(6, 8, place)

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

# The same in training, with dropout: its masks are recorded, and multiplied in where it was.
dropping = layer | {"dropout": 0.4}
names = {"self_attn": "attention.dropout", "dropout": "feedForward.dropout"}
encoding = names | {"dropout1": "attentionDropout", "dropout2": "feedForwardDropout"}
decoding = names | {
    "multihead_attn": "crossAttention.dropout",
    "dropout1": "attentionDropout",
    "dropout2": "crossDropout",
    "dropout3": "feedForwardDropout",
}
for norm in ("post", "pre"):
    first = norm == "pre"
    masks = {}
    module(
        f"encoderLayer-dropout-{norm}",
        perturbed(nn.TransformerEncoderLayer(WIDTH, HEADS, norm_first=first, **dropping)),
        {"x": leaf(BATCH, TIME, WIDTH)},
        with_masks(lambda m, x: m(x), masks, encoding),
        masks,
    )
    masks = {}
    module(
        f"decoderLayer-dropout-{norm}",
        perturbed(nn.TransformerDecoderLayer(WIDTH, HEADS, norm_first=first, **dropping)),
        {"x": leaf(BATCH, TIME, WIDTH), "memory": leaf(BATCH, 4, WIDTH)},
        with_masks(lambda m, x, memory: m(x, memory, tgt_mask=later), masks, decoding),
        masks,
    )
module(
    "encoderLayer-unbiased",
    perturbed(nn.TransformerEncoderLayer(WIDTH, HEADS, norm_first=True, bias=False, **layer)),
    {"x": leaf(BATCH, TIME, WIDTH)},
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
targets = torch.arange(3) < torch.tensor([2, 3])[:, None]
module(
    "encoderDecoder-targetMask",
    perturbed(nn.Transformer(WIDTH, HEADS, 2, 2, **layer)),
    {"source": leaf(BATCH, TIME, WIDTH), "target": leaf(BATCH, 3, WIDTH)},
    lambda m, source, target: m(
        source,
        target,
        tgt_mask=later[:3, :3],
        src_key_padding_mask=~allowed,
        tgt_key_padding_mask=~targets,
        memory_key_padding_mask=~allowed,
    ),
    {"lengths": whole(lengths), "targetLengths": whole([2, 3])},
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
