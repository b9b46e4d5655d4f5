"""One AdamW step of a pre-norm ViT (2 layers of 64, 4 heads, 17 tokens) in PyTorch, eager, on the CPU. Prints a JSON row."""

import json
import statistics
import sys
import time

import torch
from torch import nn

batch = int(sys.argv[1])
torch.manual_seed(0)


class Model(nn.Module):
    def __init__(self, dim=64, depth=2, heads=4):
        super().__init__()
        self.embed = nn.Linear(49, dim)
        self.cls = nn.Parameter(torch.randn(1, 1, dim) * 0.02)
        self.position = nn.Parameter(torch.randn(1, 16, dim) * 0.02)
        block = nn.TransformerEncoderLayer(dim, heads, 4 * dim, dropout=0.0, activation="gelu", batch_first=True, norm_first=True)
        self.encoder = nn.TransformerEncoder(block, depth, norm=nn.LayerNorm(dim), enable_nested_tensor=False)
        self.head = nn.Linear(dim, 10)

    def forward(self, image):
        patches = image.reshape(-1, 4, 7, 4, 7).permute(0, 1, 3, 2, 4).reshape(-1, 16, 49)
        tokens = torch.cat([self.cls.expand(len(image), -1, -1), self.embed(patches) + self.position], 1)
        return self.head(self.encoder(tokens)[:, 0])


model = Model()
optimizer = torch.optim.AdamW(model.parameters(), lr=1e-3, weight_decay=0.05)
image = torch.rand(batch, 28, 28)
label = torch.arange(batch) % 10
times = []
for step in range(12):
    start = time.perf_counter()
    optimizer.zero_grad()
    loss = nn.functional.cross_entropy(model(image), label)
    loss.backward()
    optimizer.step()
    times.append(1000 * (time.perf_counter() - start))
name = f"PyTorch {torch.__version__}, eager, {torch.get_num_threads()} threads"
print(json.dumps({"name": name, "batch": batch, "ms": round(statistics.median(times[2:])), "loss": round(loss.item(), 4)}))
