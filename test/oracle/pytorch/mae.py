"""Writes mae.json: a tiny masked autoencoder computed by PyTorch, for the tests to compare Norm's own with.

How to run, with torch 2.9 or later on the CPU and numpy (the file's `source` names the version that wrote it):

    python test/oracle/pytorch/mae.py

The model follows He et al., "Masked autoencoders are scalable vision learners", 2022, and the released code step by step: a
convolution as patch embedding, fixed positions, argsort of given noise, gather, mask tokens, two transformers of torch's own
pre-norm layers, and the loss over removed patches. Gradients are autograd's. Everything is float64. Numbers are drawn by Python's
generator and have three decimals. The file's format is that of ../README.md, with several cases that share inputs and parameters.
"""

import random
from pathlib import Path

import numpy as np
import torch
from torch import nn

from writing import text_of

SIDE, CHANNELS, PATCH, BATCH = 6, 3, 2, 3
DIM, DEPTH, HEADS = 8, 2, 2
DECODER_DIM, DECODER_DEPTH, DECODER_HEADS = 4, 1, 2
MASKED, EPS = 0.75, 1e-6
GRID = SIDE // PATCH
COUNT = GRID * GRID


# --- Fixed positions, as the released code computes them --------------------------------------------


def positions_of_axis(features, positions):
    omega = 1.0 / 10000 ** (np.arange(features // 2, dtype=np.float64) / (features / 2.0))
    angles = np.einsum("m,d->md", positions.reshape(-1), omega)
    return np.concatenate([np.sin(angles), np.cos(angles)], axis=1)


def positions_of_grid(features, rows, columns):
    across, down = np.meshgrid(np.arange(columns, dtype=np.float64), np.arange(rows, dtype=np.float64))
    halves = [positions_of_axis(features // 2, across), positions_of_axis(features // 2, down)]
    return torch.from_numpy(np.concatenate(halves, axis=1))


# --- The model --------------------------------------------------------------------------------------


def blocks(dim, heads, depth):
    layer = lambda: nn.TransformerEncoderLayer(
        dim, heads, 4 * dim, dropout=0.0, activation="gelu", layer_norm_eps=EPS, batch_first=True, norm_first=True
    )
    return nn.ModuleList([layer() for _ in range(depth)])


def patchify(images):
    cut = images.reshape(len(images), CHANNELS, GRID, PATCH, GRID, PATCH)
    return torch.einsum("nchpwq->nhwpqc", cut).reshape(len(images), COUNT, PATCH * PATCH * CHANNELS)


class MaskedAutoencoder(nn.Module):
    def __init__(self):
        super().__init__()
        self.embed = nn.Conv2d(CHANNELS, DIM, PATCH, PATCH)
        self.cls = nn.Parameter(torch.zeros(1, 1, DIM))
        self.encoder = blocks(DIM, HEADS, DEPTH)
        self.norm = nn.LayerNorm(DIM, eps=EPS)
        self.narrow = nn.Linear(DIM, DECODER_DIM)
        self.mask_token = nn.Parameter(torch.zeros(1, 1, DECODER_DIM))
        self.decoder = blocks(DECODER_DIM, DECODER_HEADS, DECODER_DEPTH)
        self.decoder_norm = nn.LayerNorm(DECODER_DIM, eps=EPS)
        self.predict = nn.Linear(DECODER_DIM, PATCH * PATCH * CHANNELS)
        # A class token's position is zeros.
        zeros = lambda features: torch.zeros(1, features, dtype=torch.float64)
        self.positions = torch.cat([zeros(DIM), positions_of_grid(DIM, GRID, GRID)])
        self.decoder_positions = torch.cat([zeros(DECODER_DIM), positions_of_grid(DECODER_DIM, GRID, GRID)])

    def forward(self, images, noise, normalized):
        x = self.embed(images).flatten(2).transpose(1, 2) + self.positions[1:]
        keep = int(COUNT * (1 - MASKED))
        shuffle = torch.argsort(noise, dim=1)
        restore = torch.argsort(shuffle, dim=1)
        x = torch.gather(x, 1, shuffle[:, :keep, None].expand(-1, -1, DIM))
        mask = torch.ones(len(images), COUNT, dtype=torch.float64)
        mask[:, :keep] = 0
        mask = torch.gather(mask, 1, restore)

        x = torch.cat([(self.cls + self.positions[:1]).expand(len(images), -1, -1), x], dim=1)
        for block in self.encoder:
            x = block(x)
        x = self.narrow(self.norm(x))

        blanks = self.mask_token.expand(len(images), COUNT - keep, -1)
        whole = torch.cat([x[:, 1:], blanks], dim=1)
        whole = torch.gather(whole, 1, restore[:, :, None].expand(-1, -1, DECODER_DIM))
        x = torch.cat([x[:, :1], whole], dim=1) + self.decoder_positions
        for block in self.decoder:
            x = block(x)
        predicted = self.predict(self.decoder_norm(x))[:, 1:]

        target = patchify(images)
        if normalized:
            mean, variance = target.mean(dim=-1, keepdim=True), target.var(dim=-1, keepdim=True)
            target = (target - mean) / (variance + EPS) ** 0.5
        error = ((predicted - target) ** 2).mean(dim=-1)
        return predicted, mask, (error * mask).sum() / mask.sum()


# --- Norm's names and axes for torch's tensors ------------------------------------------------------


def named_block(block, prefix, dim, heads, tensor):
    """The tensors of one block; `tensor` picks a parameter's value or its gradient."""
    key = dim // heads
    attention = block.self_attn
    weights, biases = tensor(attention.in_proj_weight).chunk(3), tensor(attention.in_proj_bias).chunk(3)
    for name, weight, bias in zip(("query", "key", "value"), weights, biases):
        yield f"{prefix}.attention.w_{name}", ["feature", "head", "key"], weight.T.reshape(dim, heads, key)
        yield f"{prefix}.attention.b_{name}", ["head", "key"], bias.reshape(heads, key)
    yield f"{prefix}.attention.w_out", ["head", "key", "out"], tensor(attention.out_proj.weight).T.reshape(heads, key, dim)
    yield f"{prefix}.attention.b_out", ["out"], tensor(attention.out_proj.bias)
    yield from named_norm(block.norm1, f"{prefix}.attention.before", tensor)
    yield from named_norm(block.norm2, f"{prefix}.mlp.before", tensor)
    yield f"{prefix}.mlp.w_in", ["feature", "hidden"], tensor(block.linear1.weight).T
    yield f"{prefix}.mlp.b_in", ["hidden"], tensor(block.linear1.bias)
    yield f"{prefix}.mlp.w_out", ["hidden", "out"], tensor(block.linear2.weight).T
    yield f"{prefix}.mlp.b_out", ["out"], tensor(block.linear2.bias)


def named_norm(norm, prefix, tensor):
    yield f"{prefix}.cls+tokens.scale", ["feature"], tensor(norm.weight)
    yield f"{prefix}.cls+tokens.shift", ["feature"], tensor(norm.bias)


def named_linear(linear, name, tensor):
    yield f"{name}.weight", ["feature", "out"], tensor(linear.weight).T
    yield f"{name}.bias", ["feature"], tensor(linear.bias)


def named(model, tensor):
    def all_of_them():
        # A patch's pixels are in the order row, column, channel.
        yield "embedded.weight", ["feature", "out"], tensor(model.embed.weight).permute(2, 3, 1, 0).reshape(-1, DIM)
        yield "embedded.bias", ["feature"], tensor(model.embed.bias)
        yield "encoder.cls.vector", ["token", "feature"], tensor(model.cls)[0]
        for i, block in enumerate(model.encoder):
            yield from named_block(block, f"encoder.{i}", DIM, HEADS, tensor)
        yield from named_norm(model.norm, "encoder.final", tensor)
        yield from named_linear(model.narrow, "narrow", tensor)
        yield "blank", ["feature"], tensor(model.mask_token)[0, 0]
        for i, block in enumerate(model.decoder):
            yield from named_block(block, f"decoder.{i}", DECODER_DIM, DECODER_HEADS, tensor)
        yield from named_norm(model.decoder_norm, "decoder.final", tensor)
        yield from named_linear(model.predict, "predicted", tensor)

    return {name: written(axes, value) for name, axes, value in all_of_them()}


def written(axes, value):
    value = value.detach()
    assert len(axes) == value.dim(), (axes, value.shape)
    return {"axes": axes, "shape": list(value.shape), "data": value.reshape(-1).tolist()}


# --- The cases --------------------------------------------------------------------------------------


def main():
    torch.set_num_threads(1)
    torch.set_default_dtype(torch.float64)
    draw = random.Random("mae")
    drawn = lambda shape, mean, deviation: torch.tensor(
        [round(draw.gauss(mean, deviation), 3) for _ in range(int(np.prod(shape)))]
    ).reshape(shape)

    model = MaskedAutoencoder()
    for name, parameter in model.named_parameters():
        norm_weight = "norm" in name and name.endswith("weight")
        parameter.data = drawn(parameter.shape, 1 if norm_weight else 0, 0.1 if norm_weight else 0.4)
    images = drawn((BATCH, CHANNELS, SIDE, SIDE), 0, 1)
    noise = drawn((BATCH, COUNT), 0, 1)
    assert all(len(set(row)) == COUNT for row in noise.tolist())

    cases = {}
    for case, normalized in (("normalized", True), ("raw", False)):
        model.zero_grad()
        predicted, mask, loss = model(images, noise, normalized)
        loss.backward()
        cases[case] = {
            "outputs": {
                "predicted": written(["batch", "token", "feature"], predicted),
                "mask": written(["batch", "token"], mask),
                "loss": written([], loss),
            },
            "gradients": named(model, lambda parameter: parameter.grad),
        }

    grids = {f"{rows}x{columns}": (rows, columns) for rows, columns in ((3, 3), (2, 4))}
    fixture = {
        "name": "mae",
        "source": f"torch {torch.__version__.split('+')[0]}: TransformerEncoderLayer, Conv2d, LayerNorm, argsort, gather; numpy for positions",
        "tolerance": {"absolute": 1e-12, "relative": 1e-9, "note": "float64 against float64"},
        "settings": {
            "side": SIDE, "channels": CHANNELS, "patch": PATCH, "masked": MASKED,
            "dim": DIM, "depth": DEPTH, "heads": HEADS,
            "decoder_dim": DECODER_DIM, "decoder_depth": DECODER_DEPTH, "decoder_heads": DECODER_HEADS,
        },
        "inputs": {
            "image": written(["batch", "row", "column", "channel"], images.permute(0, 2, 3, 1)),
            "noise": written(["batch", "token"], noise),
        },
        "parameters": named(model, lambda parameter: parameter),
        "cases": cases,
        "positions": {
            name: written(["token", "feature"], positions_of_grid(12, rows, columns)) for name, (rows, columns) in grids.items()
        },
    }
    Path(__file__).with_name("mae.json").write_text(text_of(fixture) + "\n", encoding="utf-8")


main()
