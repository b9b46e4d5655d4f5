"""The benchmarks' model in PyTorch."""

import torch
from torch import nn
from torch.nn.functional import gelu, scaled_dot_product_attention


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
