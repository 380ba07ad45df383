"""A data loader of as many images as MNIST has, each batch shifted by up to two pixels and with noise added."""

import sys

import torch
import torch.nn.functional as F
from torch.utils.data import DataLoader, Dataset

from measure import measure, setup

BATCHES, B, STEPS = map(int, sys.argv[1:4])
ENGINE, WORK = sys.argv[4], sys.argv[5]
setup()
PADDING = 2


class Digits(Dataset):
    def __init__(self):
        self.images = torch.randint(0, 256, (60_000, 1, 28, 28), dtype=torch.uint8)
        self.labels = torch.randint(0, 10, (60_000,))

    def __len__(self):
        return len(self.images)

    def __getitems__(self, places):  # a whole batch at once, which is faster than image by image
        places = torch.tensor(places)
        x = F.pad(self.images[places].float() / 255, (PADDING,) * 4)
        rows = torch.arange(28) + torch.randint(0, 2 * PADDING + 1, (len(places), 1))
        columns = torch.arange(28) + torch.randint(0, 2 * PADDING + 1, (len(places), 1))
        x = x[torch.arange(len(places))[:, None, None], 0, rows[:, :, None], columns[:, None, :]].unsqueeze(1)
        return x + 0.1 * torch.randn_like(x), self.labels[places]


loader = DataLoader(Digits(), batch_size=B, shuffle=True, drop_last=True, collate_fn=lambda batch: batch)
batches = iter(loader)


def step():
    global batches
    for _ in range(BATCHES):
        batch = next(batches, None)
        if batch is None:
            batches = iter(loader)
            batch = next(batches)
    return batch[1][0]


measure(step, STEPS, ENGINE, WORK)
