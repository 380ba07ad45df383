"""Loads what interchange.ts wrote into PyTorch, strictly, and compares the results: python interchange.py FOLDER"""

import sys
from pathlib import Path

import torch
from safetensors.torch import load_file

nn = torch.nn
layer = nn.TransformerEncoderLayer(
    8, 2, dim_feedforward=16, dropout=0.0, activation="gelu", batch_first=True, norm_first=True
)
models = {
    "convolutional": nn.Sequential(
        nn.Conv2d(3, 4, 3, padding=1), nn.BatchNorm2d(4), nn.ReLU(), nn.Conv2d(4, 2, 3)
    ).eval(),
    "perceptron": nn.Sequential(nn.Linear(4, 8), nn.ReLU(), nn.Linear(8, 2)),
    "lstm": nn.LSTM(4, 3, num_layers=2, bidirectional=True),
    "gru": nn.GRU(4, 3),
    "encoder": nn.TransformerEncoder(layer, 2, nn.LayerNorm(8), enable_nested_tensor=False),
}
for name, model in models.items():
    tensors = load_file(Path(sys.argv[1]) / f"{name}.safetensors")
    model.load_state_dict(
        {key.removeprefix("state/"): value for key, value in tensors.items() if key.startswith("state/")}, strict=True
    )
    with torch.no_grad():
        y = model(tensors["x"])
    y = y[0] if isinstance(y, tuple) else y
    torch.testing.assert_close(y, tensors["y"], rtol=1e-5, atol=1e-5)
    print(f"{name}: {len(tensors) - 2} entries, and the same results")
