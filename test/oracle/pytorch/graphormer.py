"""Writes graphormer.json: a tiny Graphormer computed by PyTorch, for the tests to compare Norm's own with.

How to run, with torch 2.9 or later on the CPU (the file's `source` names the version that wrote it):

    python test/oracle/pytorch/graphormer.py

The model follows Ying et al., "Do transformers really perform badly for graph representation?", 2021, with SepNorm's batch norm on
the virtual node and layer norm on the others: pre-norm blocks of torch's own modules, the biases of distances, edges and the
virtual node as a float mask of nn.MultiheadAttention, and padded nodes as its padding mask. Batch norm meets the virtual node
only behind the first block; before it stands a layer norm. Gradients are autograd's. Everything is float64. Numbers are drawn by
Python's generator and have three decimals. The file's format is that of ../README.md, with several cases that share inputs and
parameters.
"""

import random
from pathlib import Path

import torch
from torch import nn

from writing import text_of

DIM, DEPTH, HEADS, NODES, KEY = 8, 2, 2, 5, 4
ATOMS, DEGREES, DISTANCES, KINDS = 10, 9, 5, 5

# Each molecule: its elements, and its bonds (one atom, the other, the kind). All are trees or forests: paths are unique.
MOLECULES = [
    ([6, 6, 8, 7, 6], [(0, 1, 0), (1, 2, 1), (1, 3, 0), (3, 4, 0)]),
    ([6, 7, 9], [(0, 1, 2), (0, 2, 0)]),
    ([8, 9], []),
    ([6, 6, 6, 6, 8], [(0, 1, 0), (1, 2, 1), (2, 3, 0), (3, 4, 4)]),
]


def graph_inputs():
    count = len(MOLECULES)
    atom = torch.zeros(count, NODES, dtype=torch.int64)
    degree = torch.zeros(count, NODES, dtype=torch.int64)
    distance = torch.full((count, NODES, NODES), DISTANCES - 1)
    path = torch.zeros(count, NODES, NODES, KINDS, dtype=torch.float64)
    for at, (elements, bonds) in enumerate(MOLECULES):
        atom[at, : len(elements)] = torch.tensor(elements)
        neighbours = {node: [] for node in range(len(elements))}
        for one, other, kind in bonds:
            neighbours[one].append((other, kind))
            neighbours[other].append((one, kind))
        for node, own in neighbours.items():
            degree[at, node] = len(own)

            def walk(to, before, steps, counts):
                distance[at, node, to] = min(steps, DISTANCES - 2)
                path[at, node, to] = counts
                for following, kind in neighbours[to]:
                    if following != before:
                        walk(following, to, steps + 1, counts + torch.eye(KINDS, dtype=torch.float64)[kind])

            walk(node, None, 0, torch.zeros(KINDS, dtype=torch.float64))
    atoms = torch.tensor([len(elements) for elements, _ in MOLECULES])
    return atom, atoms, degree, distance, path


# --- The model --------------------------------------------------------------------------------------


class SepNorm(nn.Module):
    def __init__(self, virtual):
        super().__init__()
        self.cls = nn.BatchNorm1d(DIM) if virtual == "batch" else nn.LayerNorm(DIM)
        self.tokens = nn.LayerNorm(DIM)

    def forward(self, x):
        return torch.cat([self.cls(x[:, 0])[:, None], self.tokens(x[:, 1:])], dim=1)


class Block(nn.Module):
    def __init__(self, first):
        super().__init__()
        self.attention_norm = SepNorm("layer" if first else "batch")
        self.attention = nn.MultiheadAttention(DIM, HEADS, batch_first=True)
        self.mlp_norm = SepNorm("batch")
        self.mlp = nn.Sequential(nn.Linear(DIM, DIM), nn.GELU(), nn.Linear(DIM, DIM))

    def forward(self, x, mask, padding):
        h = self.attention_norm(x)
        x = x + self.attention(h, h, h, attn_mask=mask, key_padding_mask=padding, need_weights=False)[0]
        return x + self.mlp(self.mlp_norm(x))


class Graphormer(nn.Module):
    def __init__(self):
        super().__init__()
        self.atom = nn.Embedding(ATOMS, DIM)
        self.centrality = nn.Embedding(DEGREES, DIM)
        self.distance = nn.Embedding(DISTANCES, HEADS)
        self.edge = nn.Linear(KINDS, HEADS, bias=False)
        self.virtual_distance = nn.Embedding(1, HEADS)
        self.virtual_node = nn.Embedding(1, DIM)
        self.blocks = nn.ModuleList([Block(first=layer == 0) for layer in range(DEPTH)])
        self.final = SepNorm("batch")
        self.head = nn.Linear(DIM, 1)

    def forward(self, atom, atoms, degree, distance, path):
        count = len(atom)
        nodes = self.atom(atom) + self.centrality(degree)
        x = torch.cat([self.virtual_node.weight.expand(count, 1, DIM), nodes], dim=1)
        padding = torch.arange(NODES + 1)[None] > atoms[:, None]
        hops = path.sum(-1, keepdim=True).clamp(min=1)
        bias = torch.zeros(count, HEADS, NODES + 1, NODES + 1, dtype=torch.float64)
        bias[:, :, 1:, 1:] = (self.distance(distance) + self.edge(path) / hops).permute(0, 3, 1, 2)
        virtual = self.virtual_distance.weight.view(1, HEADS, 1)
        bias[:, :, 1:, 0] = virtual
        bias[:, :, 0, :] = virtual
        mask = bias.reshape(count * HEADS, NODES + 1, NODES + 1)
        # Float masks of both kinds: minus infinity at padding.
        hidden = torch.zeros(padding.shape, dtype=torch.float64).masked_fill(padding, float("-inf"))
        for block in self.blocks:
            x = block(x, mask, hidden)
        x = self.final(x)
        return x.masked_fill(padding[..., None], 0.0), self.head(x[:, 0])[:, 0]


# --- Names and axes of Norm --------------------------------------------------------------------------


def written(axes, tensor):
    shape = list(tensor.shape)
    assert len(axes) == len(shape), (axes, shape)
    return {"axes": axes, "shape": shape, "data": [value + 0 for value in tensor.detach().reshape(-1).tolist()]}


def sites(model):
    """Each norm of the model by the name of its site."""
    for layer, block in enumerate(model.blocks):
        yield f"graphormer.{layer}.attention.before", block.attention_norm
        yield f"graphormer.{layer}.mlp.before", block.mlp_norm
    yield "graphormer.final", model.final


def named(model, pick):
    """What `pick` gives of each parameter (its value or its gradient), under Norm's names and axes."""
    found = {
        "embed.table": (["vocabulary", "feature"], pick(model.atom.weight)),
        "centrality.table": (["degree", "feature"], pick(model.centrality.weight)),
        "spatial_bias.table": (["distance", "head"], pick(model.distance.weight)),
        "edge_bias.weight": (["kind", "head"], pick(model.edge.weight).T),
        "virtual_bias.weight": (["head"], pick(model.virtual_distance.weight)[0]),
        "graphormer.cls.vector": (["token", "feature"], pick(model.virtual_node.weight)),
        "linear.weight": (["feature", "out"], pick(model.head.weight).T),
        "linear.bias": (["feature"], pick(model.head.bias)),
    }
    for site, norm in sites(model):
        for group in ("cls", "tokens"):
            own = getattr(norm, group)
            found[f"{site}.{group}.scale"] = (["feature"], pick(own.weight))
            found[f"{site}.{group}.shift"] = (["feature"], pick(own.bias))
    for layer, block in enumerate(model.blocks):
        attention, mlp = block.attention, block.mlp
        maps = zip(("query", "key", "value"), pick(attention.in_proj_weight).chunk(3), pick(attention.in_proj_bias).chunk(3))
        for name, weight, bias in maps:
            found[f"graphormer.{layer}.attention.w_{name}"] = (["feature", "head", "key"], weight.T.reshape(DIM, HEADS, KEY))
            found[f"graphormer.{layer}.attention.b_{name}"] = (["head", "key"], bias.reshape(HEADS, KEY))
        found[f"graphormer.{layer}.attention.w_out"] = (["head", "key", "out"], pick(attention.out_proj.weight).T.reshape(HEADS, KEY, DIM))
        found[f"graphormer.{layer}.attention.b_out"] = (["out"], pick(attention.out_proj.bias))
        found[f"graphormer.{layer}.mlp.w_in"] = (["feature", "hidden"], pick(mlp[0].weight).T)
        found[f"graphormer.{layer}.mlp.b_in"] = (["hidden"], pick(mlp[0].bias))
        found[f"graphormer.{layer}.mlp.w_out"] = (["hidden", "out"], pick(mlp[2].weight).T)
        found[f"graphormer.{layer}.mlp.b_out"] = (["out"], pick(mlp[2].bias))
    return {name: written(axes, tensor) for name, (axes, tensor) in found.items()}


def states(model):
    found = {}
    for site, norm in sites(model):
        if isinstance(norm.cls, nn.BatchNorm1d):
            found[f"{site}.cls.running_mean"] = written(["feature"], norm.cls.running_mean)
            found[f"{site}.cls.running_variance"] = written(["feature"], norm.cls.running_var)
    return found


# --- The fixture --------------------------------------------------------------------------------------


def draw(generator, shape, mean=0.0, deviation=1.0):
    count = int(torch.tensor(shape).prod())
    numbers = [round(generator.gauss(mean, deviation), 3) for _ in range(count)]
    return torch.tensor(numbers, dtype=torch.float64).reshape(shape)


def main():
    torch.set_num_threads(1)
    torch.set_default_dtype(torch.float64)
    generator = random.Random("graphormer")
    model = Graphormer().double().train()
    with torch.no_grad():
        for name, parameter in model.named_parameters():
            is_scale = name.endswith(("cls.weight", "tokens.weight"))
            parameter.copy_(draw(generator, parameter.shape, mean=1.0 if is_scale else 0.0, deviation=0.2 if is_scale else 0.5))
    inputs = graph_inputs()
    target = draw(generator, [len(MOLECULES)], deviation=3.0)
    cotangent = draw(generator, [len(MOLECULES), NODES + 1, DIM])
    cotangent[torch.arange(NODES + 1)[None] > inputs[1][:, None]] = 0.0
    parameters, before = named(model, lambda parameter: parameter), states(model)

    def gradients_of(scalar):
        model.zero_grad()
        scalar.backward(retain_graph=True)
        return named(model, lambda parameter: torch.zeros_like(parameter) if parameter.grad is None else parameter.grad)

    sequence, prediction = model(*inputs)
    after = states(model)
    # Behind batch norm the predictions' sum is fixed: with one sign, the loss would not depend on what the model computes.
    assert len(torch.sign(prediction - target).unique()) == 2
    loss = nn.functional.l1_loss(prediction, target)
    cases = {
        "sequence": {"output": written(["batch", "token", "feature"], sequence), "gradients": gradients_of((sequence * cotangent).sum())},
        "loss": {"output": written([], loss), "gradients": gradients_of(loss)},
        "prediction": {"output": written(["batch"], prediction)},
    }
    model.eval()
    evaluated = written(["batch"], model(*inputs)[1])

    axes = [["batch", "token"], ["batch"], ["batch", "token"], ["batch", "token", "source"], ["batch", "token", "source", "kind"]]
    names = ["atom", "atoms", "degree", "distance", "path"]
    fixture = {
        "source": f"torch {torch.__version__.split('+')[0]}: nn.MultiheadAttention, nn.LayerNorm, nn.BatchNorm1d, nn.Embedding, F.l1_loss",
        "tolerance": {"absolute": 1e-11, "relative": 1e-9},
        "settings": {"dim": DIM, "depth": DEPTH, "heads": HEADS, "nodes": NODES, "distances": DISTANCES, "scale": 1},
        "vocabulary": ATOMS,
        "inputs": {
            **{name: written(own, tensor) for name, own, tensor in zip(names, axes, inputs)},
            "target": written(["batch"], target),
            "cotangent": written(["batch", "token", "feature"], cotangent),
        },
        "parameters": parameters,
        "states": before,
        "cases": cases,
        "statesAfter": after,
        "evaluated": evaluated,
    }
    Path(__file__).with_name("graphormer.json").write_text(text_of(fixture) + "\n", encoding="utf-8")


main()
