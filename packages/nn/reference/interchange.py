"""Loads what interchange.ts wrote into PyTorch, strictly, and compares the results: python interchange.py FOLDER

Needs torch and safetensors; the model of Hugging Face's transformers is left out where they are not installed.
"""

import sys
from pathlib import Path

import torch
from safetensors.torch import load_file

nn = torch.nn


class TiedLanguageModel(nn.Module):
    def __init__(self):
        super().__init__()
        self.tokens, self.lstm, self.head = nn.Embedding(11, 8), nn.LSTM(8, 8, batch_first=True), nn.Linear(8, 11)
        self.head.weight = self.tokens.weight

    def forward(self, x):
        return self.head(self.lstm(self.tokens(x))[0])


sizes = {"dim_feedforward": 16, "dropout": 0.0, "batch_first": True}
layer = nn.TransformerEncoderLayer(8, 2, activation="gelu", norm_first=True, **sizes)
later = nn.Transformer.generate_square_subsequent_mask(3)
models = {
    "convolutional": nn.Sequential(
        nn.Conv2d(3, 4, 3, padding=1), nn.BatchNorm2d(4), nn.ReLU(), nn.Conv2d(4, 2, 3)
    ).eval(),
    "perceptron": nn.Sequential(nn.Linear(4, 8), nn.ReLU(), nn.RMSNorm(8), nn.Linear(8, 2)),
    "lstm": nn.LSTM(4, 3, num_layers=2, bidirectional=True),
    "gru": nn.GRU(4, 3),
    "attention": nn.MultiheadAttention(8, 2, bias=False, batch_first=True),
    "encoder": nn.TransformerEncoder(layer, 2, nn.LayerNorm(8), enable_nested_tensor=False),
    "transformer": nn.Transformer(8, 2, 2, 2, **sizes),
    "tied": TiedLanguageModel(),
}
try:
    from transformers import LlamaConfig, LlamaForCausalLM
except ImportError:
    print("llama: left out, because transformers is not installed")
else:
    config = LlamaConfig(
        vocab_size=11,
        hidden_size=24,
        intermediate_size=10,
        num_hidden_layers=2,
        num_attention_heads=4,
        num_key_value_heads=2,
        rms_norm_eps=1e-5,
        rope_parameters={"rope_type": "default", "rope_theta": 500.0},
    )
    models["llama"] = LlamaForCausalLM(config).eval()
calls = {
    "attention": lambda model, x: model(x, x, x)[0],
    "lstm": lambda model, x: model(x)[0],
    "gru": lambda model, x: model(x)[0],
    "transformer": lambda model, source, target: model(source, target, tgt_mask=later),
    "llama": lambda model, x: model(x).logits,
}
for name, model in models.items():
    tensors = load_file(Path(sys.argv[1]) / f"{name}.safetensors")
    state = {key.removeprefix("state/"): value for key, value in tensors.items() if key.startswith("state/")}
    model.load_state_dict(state, strict=True)
    inputs = [tensors[f"inputs/{i}"] for i in range(len(tensors) - len(state) - 1)]
    with torch.no_grad():
        y = calls.get(name, lambda model, x: model(x))(model, *inputs)
    torch.testing.assert_close(y, tensors["y"], rtol=1e-5, atol=1e-5)
    print(f"{name}: {len(state)} entries, and the same results")
