"""Records the golden trajectory: a tiny GPT's weights, 50 batches, and its 50 losses under the AdamW recipe.

    python record-trajectory.py

writes trajectory.safetensors beside it: `weights/…`, `inputs` and `targets` [50, 4, 16], `losses` [50], and the
weights after the last step as `final/…`. PyTorch 2.15, float32, one thread.
"""

from pathlib import Path

import torch
import torch.nn.functional as F
from safetensors.torch import save_file

from model import TransformerLM, learning_rate, optimizer_for

torch.manual_seed(7)
torch.set_num_threads(1)
STEPS, BATCH, TIME, VOCABULARY, PEAK, WARMUP = 50, 4, 16, 37, 3e-3, 5
model = TransformerLM(VOCABULARY, 32, 2, 4, TIME)
# A text with something to learn: each token mostly follows from the one before.
stream = [0]
for _ in range(STEPS * BATCH * (TIME + 1)):
    stream.append((3 * stream[-1] + 1 + int(torch.randint(0, 4, ()))) % VOCABULARY)
windows = torch.tensor(stream[: STEPS * BATCH * (TIME + 1)]).view(STEPS, BATCH, TIME + 1)
tensors = {f"weights/{name}": p.detach().clone() for name, p in model.named_parameters()}
optimizer = optimizer_for(model, PEAK)
losses = []
for step in range(STEPS):
    for group in optimizer.param_groups:
        group["lr"] = learning_rate(step, PEAK, WARMUP, STEPS)
    x, y = windows[step, :, :-1], windows[step, :, 1:]
    loss = F.cross_entropy(model(x).flatten(0, 1), y.flatten())
    optimizer.zero_grad()
    loss.backward()
    torch.nn.utils.clip_grad_norm_(model.parameters(), 1.0)
    optimizer.step()
    losses.append(loss.item())
tensors |= {f"final/{name}": p.detach().clone() for name, p in model.named_parameters()}
tensors |= {
    "inputs": windows[:, :, :-1].int().contiguous(),
    "targets": windows[:, :, 1:].int().contiguous(),
    "losses": torch.tensor(losses),
}
save_file(tensors, Path(__file__).with_name("trajectory.safetensors"), {"torch": torch.__version__})
print(f"torch {torch.__version__}: loss {losses[0]:.4f} -> {losses[-1]:.4f}")
