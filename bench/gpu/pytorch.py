"""The benchmark's training step in PyTorch on CUDA: eager and compiled, in float32 without and with TF32, and in bfloat16.

Prints one JSON row for each case: `ms` is the median of a step with the upload of its batch and the reading of its loss,
`peak_bytes` the most that tensors took at a time. On a machine without CUDA it runs on the CPU, for a check.

(It is not called torch.py, because Python would then import it in PyTorch's place.)
"""

import argparse
import json
import statistics
import time

import torch
from torch import nn
from torch.nn.functional import cross_entropy, gelu, scaled_dot_product_attention

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


class Block(nn.Module):
    def __init__(self, dim, heads):
        super().__init__()
        self.heads = heads
        self.attention_norm = nn.LayerNorm(dim, eps=1e-6)
        self.joint = nn.Linear(dim, 3 * dim)
        self.out = nn.Linear(dim, dim)
        self.mlp_norm = nn.LayerNorm(dim, eps=1e-6)
        self.mlp_in = nn.Linear(dim, 4 * dim)
        self.mlp_out = nn.Linear(4 * dim, dim)

    def forward(self, x):
        batch, tokens, dim = x.shape
        joint = self.joint(self.attention_norm(x)).reshape(batch, tokens, 3, self.heads, dim // self.heads)
        query, keys, value = joint.permute(2, 0, 3, 1, 4).unbind(0)
        mixed = scaled_dot_product_attention(query, keys, value).transpose(1, 2).reshape(batch, tokens, dim)
        x = x + self.out(mixed)
        return x + self.mlp_out(gelu(self.mlp_in(self.mlp_norm(x))))


class Model(nn.Module):
    """From images[example, row, column, channel] to logits."""

    def __init__(self, dim, depth, heads, side, channels, patch, classes):
        super().__init__()
        self.grid, self.patch = side // patch, patch
        self.embed = nn.Linear(patch * patch * channels, dim)
        self.position = nn.Parameter(torch.randn(self.grid**2, dim) * 0.02)
        self.cls = nn.Parameter(torch.randn(1, dim) * 0.02)
        self.blocks = nn.ModuleList(Block(dim, heads) for _ in range(depth))
        self.norm = nn.LayerNorm(dim, eps=1e-6)
        self.head = nn.Linear(dim, classes)

    def forward(self, image):
        batch, channels = image.shape[0], image.shape[-1]
        cut = image.reshape(batch, self.grid, self.patch, self.grid, self.patch, channels).transpose(2, 3)
        patches = self.embed(cut.reshape(batch, self.grid**2, -1)) + self.position
        x = torch.cat([self.cls.expand(batch, 1, -1), patches], 1)
        for block in self.blocks:
            x = block(x)
        # Only the class token is read, so only it is normalised.
        return self.head(self.norm(x[:, 0]))


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
