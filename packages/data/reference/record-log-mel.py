"""Records the energies of sounds in mel bands by librosa.

    python record-log-mel.py

writes log-mel.safetensors beside it: samples, and their energies for some options.
librosa 0.11, float64.
"""

from pathlib import Path

import librosa
import numpy as np
from safetensors.numpy import save_file

samples = np.random.default_rng(7).normal(size=(2, 1_000)) * np.linspace(0, 1, 1_000)
recorded = {"samples": samples}


def record(name, rate, size, window, hop, floor, **bands):
    # librosa centres a window that is shorter than the transform, so the samples are padded by what it leaves out.
    before = (size - window) // 2
    padded = np.pad(samples, ((0, 0), (before, size - window - before)))
    spectrum = librosa.stft(padded, n_fft=size, hop_length=hop, win_length=window, center=False, window="hann")
    mel = librosa.filters.mel(sr=rate, n_fft=size, htk=True, norm=None, dtype=np.float64, **bands)
    recorded[name] = np.swapaxes(np.log(mel @ np.abs(spectrum) ** 2 + floor), 1, 2)


record("defaults", 8_000, 256, 200, 80, 1e-6, n_mels=40)
record("options", 16_000, 512, 512, 128, 1e-3, n_mels=20, fmin=100, fmax=7_000)
tensors = {name: np.ascontiguousarray(value) for name, value in recorded.items()}
save_file(tensors, Path(__file__).with_name("log-mel.safetensors"), {"librosa": librosa.__version__})
print(f"librosa {librosa.__version__}: {len(tensors)} tensors")
