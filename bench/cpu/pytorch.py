"""One side of the benchmark in PyTorch on the CPU, as peer.mjs is for the others: eager, or compiled after `--compile`.

The first line of stdin is the request. Behind it come the parameters that it names, the images and the labels, as bytes.
"""

import json
import os
import sys
import time
from pathlib import Path

import torch
from torch.nn.functional import cross_entropy

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))
from pytorch_model import Model

# By our names.
OUTER = {"embed": "patches", "head": "logits"}
LAYER = {
    "attention_norm.weight": "attention.before.cls+tokens.scale",
    "attention_norm.bias": "attention.before.cls+tokens.shift",
    "joint.weight": "attention.w_joint",
    "joint.bias": "attention.b_joint",
    "out.weight": "attention.w_out",
    "out.bias": "attention.b_out",
    "mlp_norm.weight": "mlp.before.cls+tokens.scale",
    "mlp_norm.bias": "mlp.before.cls+tokens.shift",
    "mlp_in.weight": "mlp.w_in",
    "mlp_in.bias": "mlp.b_in",
    "mlp_out.weight": "mlp.w_out",
    "mlp_out.bias": "mlp.b_out",
}
NORM = {"weight": "scale", "bias": "shift"}


def our_name(name):
    first, *rest = name.split(".")
    if first == "blocks":
        return f"encoder.{rest[0]}.{LAYER['.'.join(rest[1:])]}"
    if first == "norm":
        return f"encoder.final.cls+tokens.{NORM[rest[0]]}"
    if first in OUTER:
        return f"{OUTER[first]}.{rest[0]}"
    return {"cls": "encoder.cls.vector", "position": "position"}[first]


def read(dtype, count):
    return torch.frombuffer(bytearray(sys.stdin.buffer.read(4 * count)), dtype=dtype)


def main():
    request = json.loads(sys.stdin.buffer.readline())
    batch, places, sizes = request["batch"], request["places"], request["model"]
    torch.set_num_threads(request["threads"])
    vector = read(torch.float32, places[-1]["end"])
    given = {place["name"]: vector[place["start"] : place["end"]].reshape(place["shape"]) for place in places}
    shape = [batch, sizes["side"], sizes["side"], sizes["channels"]]
    image = read(torch.float32, torch.Size(shape).numel()).reshape(shape)
    label = read(torch.int32, batch).long()

    model = Model(**sizes)
    with torch.no_grad():
        for name, parameter in model.named_parameters():
            values = given[our_name(name)]
            # Its maps are kept [out, in].
            turned = values.T if name.endswith("weight") and values.dim() == 2 else values
            parameter.copy_(turned)
    optimizer = torch.optim.AdamW(model.parameters(), lr=request["rate"], weight_decay=request["decay"], fused=True)

    def loss_of(image, label):
        return cross_entropy(model(image), label)

    run = torch.compile(loss_of, dynamic=False) if "--compile" in sys.argv else loss_of

    def step():
        start = time.perf_counter()
        optimizer.zero_grad()
        loss = run(image, label)
        loss.backward()
        optimizer.step()
        return loss.item(), 1000 * (time.perf_counter() - start)

    replies = os.fdopen(3, "w")
    seconds = 0
    while True:
        start = time.perf_counter()
        losses, times = zip(*slice_of(step, start, seconds))
        print(json.dumps({"losses": losses, "times": times}), file=replies, flush=True)
        line = sys.stdin.buffer.readline()
        if not line:
            return
        seconds = json.loads(line)["seconds"]


def slice_of(step, start, seconds):
    """At least one step, and none that would begin after `seconds`."""
    yield step()
    while time.perf_counter() - start < seconds:
        yield step()


main()
