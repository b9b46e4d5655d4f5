"""Writes convolutions.json: torch's conv2d with autograd's gradients, in float64.

    python test/oracle/pytorch/convolutions.py

What is compared with it is in convolutions.test.ts. Inputs come from Python's own generator.
"""

import sys
from pathlib import Path

import torch
import torch.nn.functional as F

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))
from make_fixtures import Draw, Named, leaf, render, snapshot  # noqa: E402

BATCH, ROWS, COLUMNS, CHANNELS, OUT = 2, 5, 6, 3, 4
IMAGE = ["batch", "row", "column", "channel"]


def case(kernel, stride, padding, bias):
    draw = Draw(f"convolution {kernel} {stride} {padding}")
    inputs = {"image": draw(IMAGE, [BATCH, ROWS, COLUMNS, CHANNELS])}
    parameters = {"convolution.weight": draw(["kernel_row", "kernel_column", "channel", "out"], [kernel, kernel, CHANNELS, OUT])}
    if bias:
        parameters["convolution.bias"] = draw(["out"], [OUT])
    named = inputs | parameters
    leaves = {key: leaf(value) for key, value in named.items()}
    # torch wants image[batch, channel, row, column] and weight[out, channel, row, column].
    output = F.conv2d(
        leaves["image"].permute(0, 3, 1, 2),
        leaves["convolution.weight"].permute(3, 2, 0, 1),
        leaves.get("convolution.bias"),
        stride=stride,
        padding=padding,
    ).permute(0, 2, 3, 1)
    inputs["cotangent"] = draw(IMAGE, list(output.shape))
    (output * inputs["cotangent"].tensor).sum().backward()
    return {
        "settings": {"kernel": kernel, "stride": stride, "padding": padding, "bias": bias},
        "inputs": inputs,
        "parameters": parameters,
        "output": Named(IMAGE, output.detach()),
        "gradients": snapshot(named, {key: value.grad for key, value in leaves.items()}),
    }


def main():
    torch.set_num_threads(1)
    cases = [case(3, 1, 1, True), case(3, 2, 1, True), case(1, 1, 0, False), case(2, 2, 0, True), case(5, 2, 2, False), case(3, 1, 0, True)]
    content = {"source": f"torch {torch.__version__.split('+')[0]}, CPU, float64", "cases": cases}
    path = Path(__file__).resolve().parent / "convolutions.json"
    path.write_text(render(content) + "\n")
    print(f"{path.name}: {path.stat().st_size} bytes")


if __name__ == "__main__":
    main()
