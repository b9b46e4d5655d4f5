"""The benchmark's training step in PyTorch on CUDA: eager and compiled, in float32 without and with TF32, and in bfloat16.

Prints one JSON row for each case: `ms` is the median of a step with the upload of its batch and the reading of its loss,
`peak_bytes` the most that tensors took at a time. On a machine without CUDA it runs on the CPU, for a check.

(It is not called torch.py, because Python would then import it in PyTorch's place.)
"""

import argparse
import json
import statistics
import sys
import time
from pathlib import Path

import torch
from torch.nn.functional import cross_entropy

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))
from pytorch_model import Model

IMAGENET = {"side": 224, "channels": 3, "patch": 16, "classes": 1000}
# As in model.mjs.
MODELS = {
    "vit-2x64": {"dim": 64, "depth": 2, "heads": 4, "side": 28, "channels": 1, "patch": 7, "classes": 10},
    "vit-tiny": {"dim": 192, "depth": 12, "heads": 3, **IMAGENET},
    "vit-small": {"dim": 384, "depth": 12, "heads": 6, **IMAGENET},
    "vit-base": {"dim": 768, "depth": 12, "heads": 12, **IMAGENET},
}
PRECISIONS = ["f32", "tf32", "bf16"]
MODES = ["eager", "compile"]


def measure(name, batch, precision, mode, device, steps):
    cuda = device.type == "cuda"
    torch.manual_seed(0)
    torch._dynamo.reset()
    torch.set_float32_matmul_precision("high" if precision == "tf32" else "highest")
    sizes = MODELS[name]
    model = Model(**sizes).to(device)
    optimizer = torch.optim.AdamW(model.parameters(), lr=1e-3, weight_decay=0.5, fused=cuda)
    image = torch.rand(batch, sizes["side"], sizes["side"], sizes["channels"], pin_memory=cuda)
    label = torch.arange(batch) % sizes["classes"]

    def loss_of(image, label):
        return cross_entropy(model(image), label)

    run = torch.compile(loss_of, dynamic=False) if mode == "compile" else loss_of
    if cuda:
        torch.cuda.reset_peak_memory_stats()
    times = []
    for _ in range(5 + steps):
        start = time.perf_counter()
        optimizer.zero_grad()
        with torch.autocast(device.type, torch.bfloat16, enabled=precision == "bf16"):
            loss = run(image.to(device, non_blocking=True), label.to(device, non_blocking=True))
        loss.backward()
        optimizer.step()
        last = loss.item()
        times.append(1000 * (time.perf_counter() - start))
    peak = torch.cuda.max_memory_allocated() if cuda else None
    return {"ms": round(statistics.median(times[5:]), 3), "peak_bytes": peak, "loss": round(last, 4)}


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--models", nargs="+", choices=MODELS, default=["vit-tiny", "vit-small", "vit-base"])
    parser.add_argument("--batches", nargs="+", type=int, default=[64, 128, 256, 512])
    parser.add_argument("--precisions", nargs="+", choices=PRECISIONS, default=PRECISIONS)
    parser.add_argument("--modes", nargs="+", choices=MODES, default=MODES)
    parser.add_argument("--steps", type=int, default=20)
    given = parser.parse_args()
    device = torch.device("cuda" if torch.cuda.is_available() else "cpu")
    about = {"device": torch.cuda.get_device_name() if device.type == "cuda" else "cpu", "torch": torch.__version__}
    for name in given.models:
        for batch in given.batches:
            for precision in given.precisions:
                for mode in given.modes:
                    row = {"name": name, "batch": batch, "precision": precision, "mode": mode, **about}
                    try:
                        row |= measure(name, batch, precision, mode, device, given.steps)
                    except torch.cuda.OutOfMemoryError:
                        row["error"] = "out of memory"
                        torch.cuda.empty_cache()
                    print(json.dumps(row), flush=True)


if __name__ == "__main__":
    main()
