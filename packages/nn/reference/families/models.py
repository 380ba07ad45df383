"""Whole language models: those of transformers, and one of PyTorch's layers, under our names where they differ."""

import torch
import torch.nn.functional as F
from recording import Family, whole
from transformers import GPT2Config, GPT2LMHeadModel, LlamaConfig, LlamaForCausalLM, MptConfig, MptForCausalLM
from transformers.models.xlm import modeling_xlm as xlm

nn = torch.nn
family = Family("models", 11)
VOCABULARY, TIME = 11, 5
tokens = whole([[1, 4, 0, 10, 4], [7, 7, 2, 3, 9]])


def drawn(model):
    """With weights that are large enough for clear scores, and norms and biases that are not ones and zeros."""
    with torch.no_grad():
        for parameter in model.parameters():
            noise = 0.4 * torch.randn_like(parameter)
            parameter.copy_(noise if parameter.ndim > 1 else 0.5 * parameter + noise)
    return model.eval()


def record(name, model, run, translated=lambda own: own, prefix=""):
    y = run(model)
    c = torch.randn_like(y)
    names, leaves = zip(*model.named_parameters())
    gradients = dict(zip(names, torch.autograd.grad((c * y).sum(), leaves)))
    entries = {f"{prefix}{own}": value for own, value in translated(dict(model.state_dict())).items()}
    entries |= {f"grad/{own}": value for own, value in translated(gradients).items()}
    entries |= {"x": tokens, "y": y, "c/y": c}
    family.tensors |= {f"{name}/{own}": value for own, value in entries.items()}


def gpt2(own):
    """GPT-2 multiplies from the left, x W, and has queries, keys and values in one matrix."""
    found = {"tokens.weight": own["transformer.wte.weight"], "positions.weight": own["transformer.wpe.weight"]}
    for part in ("weight", "bias"):
        found[f"norm.{part}"] = own[f"transformer.ln_f.{part}"]
        for i in range(2):
            theirs, ours = f"transformer.h.{i}", f"blocks.{i}"
            for name, place in zip(("query", "key", "value"), own[f"{theirs}.attn.c_attn.{part}"].chunk(3, -1)):
                found[f"{ours}.attention.{name}.{part}"] = place.T if part == "weight" else place
            for name, place in {
                "attention.output": "attn.c_proj",
                "feedForward.expand": "mlp.c_fc",
                "feedForward.contract": "mlp.c_proj",
            }.items():
                matrix = own[f"{theirs}.{place}.{part}"]
                found[f"{ours}.{name}.{part}"] = matrix.T if part == "weight" else matrix
            found[f"{ours}.attentionNorm.{part}"] = own[f"{theirs}.ln_1.{part}"]
            found[f"{ours}.feedForwardNorm.{part}"] = own[f"{theirs}.ln_2.{part}"]
    return found


config = GPT2Config(
    vocab_size=VOCABULARY, n_positions=6, n_embd=8, n_layer=2, n_head=2, activation_function="gelu"
)  # learned positions and tied embeddings
model = drawn(GPT2LMHeadModel(config))
record("gpt2", model, lambda m: m(tokens).logits, gpt2)

# What it writes after each prompt: the likeliest tokens, and the four best texts of a beam with their scores.
prompts = tokens[:, :2].long()
options = {"max_new_tokens": 4, "do_sample": False, "eos_token_id": None, "pad_token_id": 0}
for i, prompt in enumerate(prompts):
    family.tensors[f"gpt2/greedy/{i}"] = model.generate(prompt[None], **options)[0, 2:].int()
    beams = model.generate(
        prompt[None],
        **options,
        num_beams=4,
        num_return_sequences=4,
        length_penalty=0.0,
        return_dict_in_generate=True,
        output_scores=True,
    )
    family.tensors[f"gpt2/beams/{i}"] = beams.sequences[:, 2:].int()
    family.tensors[f"gpt2/beamScores/{i}"] = beams.sequences_scores


def mpt(own):
    found = {"tokens.weight": own["transformer.wte.weight"], "norm.weight": own["transformer.norm_f.weight"]}
    for i in range(2):
        theirs, ours = f"transformer.blocks.{i}", f"blocks.{i}"
        for name, place in zip(("query", "key", "value"), own[f"{theirs}.attn.Wqkv.weight"].chunk(3)):
            found[f"{ours}.attention.{name}.weight"] = place
        for name, place in {
            "attention.output": "attn.out_proj",
            "feedForward.expand": "ffn.up_proj",
            "feedForward.contract": "ffn.down_proj",
            "attentionNorm": "norm_1",
            "feedForwardNorm": "norm_2",
        }.items():
            found[f"{ours}.{name}.weight"] = own[f"{theirs}.{place}.weight"]
    return found


# ALiBi for three heads, no biases, tied embeddings.
config = MptConfig(vocab_size=VOCABULARY, max_seq_len=6, d_model=12, n_layers=2, n_heads=3, use_cache=False)
record("mpt", drawn(MptForCausalLM(config)), lambda m: m(tokens).logits, mpt)

small = {"tie_word_embeddings": True, "num_hidden_layers": 1, "attention_bias": True, "mlp_bias": True}
for name, options in {"llama": {}, "llama-tied": small}.items():
    config = LlamaConfig(
        **{
            "vocab_size": VOCABULARY,
            "hidden_size": 24,
            "intermediate_size": 10,
            "num_hidden_layers": 2,
            "num_attention_heads": 4,
            "num_key_value_heads": 2,
            "rms_norm_eps": 1e-5,
            "rope_parameters": {"rope_type": "default", "rope_theta": 500.0},
            **options,
        }
    )
    record(name, drawn(LlamaForCausalLM(config)), lambda m: m(tokens).logits, prefix="state/")


class PostNorm(nn.Module):
    """PyTorch's own layers, normalized after each part, on sinusoids."""

    def __init__(self):
        super().__init__()
        layer = nn.TransformerEncoderLayer(8, 2, dim_feedforward=12, dropout=0.0, activation=F.relu, batch_first=True)
        encoder = nn.TransformerEncoder(layer, 2, enable_nested_tensor=False)
        self.tokens, self.blocks = nn.Embedding(VOCABULARY, 8), encoder.layers
        self.norm, self.head = nn.LayerNorm(8), nn.Linear(8, VOCABULARY, bias=False)

    def forward(self, x):
        h = self.tokens(x) + xlm.create_sinusoidal_embeddings(TIME, 8, torch.empty(TIME, 8))
        for block in self.blocks:
            h = block(h, src_mask=nn.Transformer.generate_square_subsequent_mask(TIME), is_causal=True)
        return self.head(self.norm(h))


record("postNorm", drawn(PostNorm()), lambda m: m(tokens), prefix="state/")

family.save()
