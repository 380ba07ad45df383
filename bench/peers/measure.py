"""Times a training step and prints what bench/measurement.ts describes."""

import json
import resource
import time

import torch


def setup():
    torch.set_num_threads(2)
    torch.set_flush_denormal(True)


def measure(step, steps, engine, work):
    times = []
    for _ in range(steps):
        start = time.perf_counter()
        step().item()
        times.append((time.perf_counter() - start) * 1e3)
    rest = sorted(times[max(2, steps // 4) :])
    median = rest[len(rest) // 2]
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    result = {"work": work, "engine": engine, "version": torch.__version__, "medianMs": median, "minMs": rest[0]}
    print(json.dumps(result | {"firstStepMs": times[0], "compileMs": max(0, times[0] - median), "peakMiB": peak}))
