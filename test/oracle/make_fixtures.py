"""Writes the numeric fixtures that Norm's tests are checked against, from PyTorch on the CPU.

How to run, with the CPU wheel of torch 2.9.1 from PyPI (from anywhere; one command rewrites every file in fixtures/):

    python test/oracle/make_fixtures.py

Three rules keep this a fair witness:

* Wherever torch has a module or function for a thing, that one computes it: nothing in here is a
  second copy of Norm's formulas. Gradients are always autograd's.
* Everything runs in float64, on one thread. Inputs come from Python's own generator, seeded with
  the fixture's name and rounded to three decimals: they depend on neither the torch version nor on
  which fixtures exist beside them.
* Gradients are of `sum(output * cotangent)`, with the cotangent stored among the inputs: a loss
  such as `sum(output)` would hide whole terms of a normalization's backward pass.

The file format is described in README.md.
"""

import json
import math
import random
import sys
from dataclasses import dataclass
from pathlib import Path

import torch
import torch.nn.functional as F
from torch import nn

TORCH_VERSION = "2.9.1"
FIXTURES = Path(__file__).resolve().parent / "fixtures"

BATCH, TOKENS, FEATURES, HEADS = 3, 5, 8, 2
KEY = FEATURES // HEADS


# --- Fixture format -------------------------------------------------------------------------------


@dataclass
class Named:
    """A tensor and the names of its axes, as the tests read it."""

    axes: list
    tensor: torch.Tensor


def number(value):
    """Shortest text that reads back as the same float64 (Python's repr); integers stay integers."""
    if isinstance(value, float):
        assert math.isfinite(value), "JSON has no infinities"
        value += 0.0  # -0.0 becomes 0.0: its sign carries no information here
    return repr(value)


def render(value, indent=""):
    """JSON with one line per innermost tensor row, so that a change shows as a readable diff."""
    inner = indent + "  "
    if isinstance(value, Named):
        tensor = value.tensor.detach().contiguous()
        assert len(value.axes) == tensor.dim(), (value.axes, tensor.shape)
        assert tensor.dtype in (torch.float64, torch.int64), tensor.dtype
        flat = [number(item) for item in tensor.reshape(-1).tolist()]
        width = tensor.shape[-1] if tensor.dim() else 1
        rows = [", ".join(flat[start : start + width]) for start in range(0, len(flat), width)]
        if len(rows) == 1:
            data = f"[{rows[0]}]"
        else:
            data = "[\n" + ",\n".join(inner + "  " + row for row in rows) + f"\n{inner}]"
        head = f'"axes": {json.dumps(value.axes)}, "shape": {json.dumps(list(tensor.shape))}'
        return f"{{\n{inner}{head},\n{inner}\"data\": {data}\n{indent}}}"
    if isinstance(value, dict):
        if not value:
            return "{}"
        items = [f"{inner}{json.dumps(key)}: {render(item, inner)}" for key, item in value.items()]
        return "{\n" + ",\n".join(items) + f"\n{indent}}}"
    if isinstance(value, (list, tuple)):
        if all(isinstance(item, (str, int, float)) for item in value):
            return "[" + ", ".join(render(item) for item in value) + "]"
        return "[\n" + ",\n".join(inner + render(item, inner) for item in value) + f"\n{indent}]"
    if isinstance(value, bool) or value is None or isinstance(value, str):
        return json.dumps(value, ensure_ascii=False)
    return number(value)


def write(fixture):
    path = FIXTURES / f"{fixture['name']}.json"
    assert not path.exists(), f"two fixtures are called {fixture['name']}"
    text = render(fixture) + "\n"
    json.loads(text)
    path.write_text(text, encoding="utf-8")


EXACT = {
    "absolute": 1e-12,
    "relative": 1e-10,
    "note": "float64 against float64; a float32 implementation needs about 1e-5 of the largest entry",
}


def tolerance(note, absolute=1e-12, relative=1e-10):
    return {"absolute": absolute, "relative": relative, "note": f"{EXACT['note']}. {note}"}


def fixture(name, description, source, *, settings=None, tolerance=EXACT, **parts):
    """A fixture of one pass: every part of the format is there, empty where it has nothing."""
    empty = {key: {} for key in ("inputs", "parameters", "states", "outputs", "gradients", "statesAfter")}
    return {
        "name": name,
        "description": description,
        "source": f"torch {TORCH_VERSION}: {source}",
        "tolerance": tolerance,
        "settings": settings or {},
        **{**empty, **parts},
    }


def stepwise(name, description, source, *, settings, parameters, states, steps, tolerance=EXACT, **more):
    """A fixture of several passes: the parts that differ from pass to pass are inside `steps`."""
    return {
        "name": name,
        "description": description,
        "source": f"torch {TORCH_VERSION}: {source}",
        "tolerance": tolerance,
        "settings": settings,
        "parameters": parameters,
        "states": states,
        "steps": steps,
        **more,
    }


class Draw:
    """Reproducible inputs: normal numbers with three decimals."""

    def __init__(self, name):
        self.random = random.Random(name)

    def __call__(self, axes, shape, mean=0.0, deviation=1.0):
        count = math.prod(shape)
        values = [round(self.random.gauss(mean, deviation), 3) for _ in range(count)]
        return Named(axes, torch.tensor(values, dtype=torch.float64).reshape(shape))

    def positive(self, axes, shape):
        drawn = self(axes, shape)
        return Named(axes, (0.5 + drawn.tensor.abs()).round(decimals=3))


def leaf(named):
    """A tensor of its own that autograd follows."""
    return named.tensor.clone().requires_grad_(True)


def snapshot(named, tensors):
    """The tensors' present values under the axes of `named`."""
    return {key: Named(named[key].axes, tensors[key].detach().clone()) for key in tensors}


# --- 1. Norms over token groups -------------------------------------------------------------------

X_AXES = ["batch", "token", "feature"]


class InstanceOverTokens(nn.Module):
    """torch's InstanceNorm1d wants [batch, feature, token]."""

    def __init__(self, features, eps):
        super().__init__()
        self.norm = nn.InstanceNorm1d(features, eps=eps, affine=True)

    def forward(self, x):
        return self.norm(x.transpose(1, 2)).transpose(1, 2)


class PerToken(nn.Module):
    """Hands a norm the rows [batch * token, feature]: batch and group norm read axis 1 as features."""

    def __init__(self, norm):
        super().__init__()
        self.norm = norm

    def forward(self, x):
        return self.norm(x.reshape(-1, x.shape[-1])).reshape(x.shape)


class DynamicTanh(nn.Module):
    def __init__(self, features):
        super().__init__()
        self.alpha = nn.Parameter(torch.zeros(()))
        self.weight = nn.Parameter(torch.zeros(features))
        self.bias = nn.Parameter(torch.zeros(features))

    def forward(self, x):
        return self.weight * torch.tanh(self.alpha * x) + self.bias


class ScaleNorm(nn.Module):
    """F.normalize divides by max(norm, eps), which is ScaleNorm's definition."""

    def __init__(self, eps):
        super().__init__()
        self.eps = eps
        self.g = nn.Parameter(torch.zeros(()))

    def forward(self, x):
        return self.g * F.normalize(x, p=2.0, dim=-1, eps=self.eps)


# What torch calls a thing -> what the fixtures call it. Wrappers add a "norm." in front.
FIXTURE_NAME = {
    "weight": "scale",
    "bias": "shift",
    "alpha": "alpha",
    "g": "g",
    "running_mean": "running_mean",
    "running_var": "running_variance",
}


def parts_of(module, prefix):
    """({fixture name: parameter}, {fixture name: state}) of one norm."""
    rename = lambda key: f"{prefix}.{FIXTURE_NAME[key.split('.')[-1]]}"
    parameters = {rename(key): value for key, value in module.named_parameters()}
    states = {rename(key): value for key, value in module.named_buffers() if not key.endswith("num_batches_tracked")}
    return parameters, states


def axes_of(tensor):
    return ["feature"] if tensor.dim() else []


def fill_norm(module, prefix, draw):
    """Gives one norm non-trivial parameters and states, and returns them as (parameters, states)."""
    parameters, states = parts_of(module, prefix)
    for key, tensor in [*parameters.items(), *states.items()]:
        shape, kind = list(tensor.shape), key.split(".")[-1]
        if kind in ("scale", "running_variance"):
            value = draw.positive(axes_of(tensor), shape)
        elif kind == "alpha":
            value = Named([], torch.tensor(draw.random.choice([0.5, 0.75, 0.8]), dtype=torch.float64))
        elif kind == "g":
            value = draw([], [], mean=math.sqrt(FEATURES), deviation=0.5)
        else:
            value = draw(axes_of(tensor), shape, deviation=0.5)
        tensor.data = value.tensor.clone()
    wrap = lambda tensors: {key: Named(axes_of(value), value.detach().clone()) for key, value in tensors.items()}
    return wrap(parameters), wrap(states)


class Grouped(nn.Module):
    """Applies norms to ranges of the token axis; a range without a norm passes unchanged."""

    def __init__(self, ranges, norms):
        super().__init__()
        self.ranges = ranges
        self.norms = nn.ModuleDict(norms)

    def forward(self, x):
        pieces = []
        for name, (start, end) in self.ranges.items():
            piece = x[:, start:end]
            pieces.append(self.norms[name](piece) if name in self.norms else piece)
        return torch.cat(pieces, dim=1)


def one_pass(model, x, cotangent, parameters):
    """Output and gradients of sum(output * cotangent)."""
    x = leaf(x)
    output = model(x)
    wanted = {"x": x, **parameters}
    gradients = torch.autograd.grad((output * cotangent.tensor).sum(), list(wanted.values()))
    axes = lambda tensor: X_AXES if tensor is x else axes_of(tensor)
    return (
        {"y": Named(X_AXES, output)},
        {key: Named(axes(wanted[key]), gradient) for key, gradient in zip(wanted, gradients)},
    )


def norm_cases(kind, make, source, settings, *, only_tokens=False, steps=("single",), suffix="", tolerance=EXACT):
    """The same norm with one class token, with two, and shared by all tokens."""
    layouts = {
        "cls1": (1, {"cls": [0, 1], "tokens": [1, TOKENS]}),
        "cls2": (2, {"cls": [0, 2], "tokens": [2, TOKENS]}),
        "shared": (1, {"shared": [0, TOKENS]}),
    }
    if only_tokens:
        del layouts["shared"]
    for layout, (cls, ranges) in layouts.items():
        name = f"norm.{kind}{suffix}.{layout}"
        draw = Draw(name)
        norms = {key: make() for key in ranges if not (only_tokens and key == "cls")}
        model = Grouped(ranges, norms).double()
        parameters, states, live, live_states = {}, {}, {}, {}
        for key, norm in norms.items():
            filled = fill_norm(norm, key, draw)
            parameters.update(filled[0])
            states.update(filled[1])
            parts = parts_of(norm, key)
            live.update(parts[0])
            live_states.update(parts[1])
        where = (
            "one norm shared by every token"
            if layout == "shared"
            else f"cls tokens 0..{cls - 1} unchanged, the norm on the rest"
            if only_tokens
            else f"one norm on cls tokens 0..{cls - 1}, another on the rest"
        )
        all_settings = {
            "norm": kind,
            **settings,
            "policy": "shared" if layout == "shared" else "separate",
            "groups": {"cls": [0, cls], "tokens": [cls, TOKENS]},
            "normalized": list(norms),
        }
        passes = []
        for mode in steps:
            # A mean away from zero makes a forgotten mean subtraction visible.
            x = draw(X_AXES, [BATCH, TOKENS, FEATURES], mean=0.5, deviation=1.5)
            cotangent = draw(X_AXES, [BATCH, TOKENS, FEATURES])
            model.train(mode != "evaluation")
            outputs, gradients = one_pass(model, x, cotangent, live)
            passes.append({
                "mode": mode,
                "inputs": {"x": x, "cotangent": cotangent},
                "outputs": outputs,
                "gradients": gradients,
                "statesAfter": snapshot(states, live_states),
            })
        if steps == ("single",):
            del passes[0]["mode"]
            write(fixture(name, f"{kind} norm: {where}", source, settings=all_settings, parameters=parameters,
                          states=states, tolerance=tolerance, **passes[0]))
        else:
            write(stepwise(name, f"{kind} norm: {where}; two training steps, then evaluation with the running "
                           "statistics", source, settings=all_settings, parameters=parameters, states=states,
                           steps=passes))


def norm_fixtures():
    for text, eps in (("1e-5", 1e-5), ("1e-6", 1e-6)):
        norm_cases("layer", lambda: nn.LayerNorm(FEATURES, eps=eps), "nn.LayerNorm", {"eps": eps}, suffix=f".eps{text}")
    norm_cases("rms", lambda: nn.RMSNorm(FEATURES, eps=1e-6), "nn.RMSNorm (F.rms_norm)", {"eps": 1e-6})
    norm_cases(
        "batch",
        lambda: PerToken(nn.BatchNorm1d(FEATURES, eps=1e-5, momentum=0.1)),
        "nn.BatchNorm1d on [batch * token, feature]",
        {"eps": 1e-5, "momentum": 0.1, "momentumIsWeightOf": "new", "forwardVariance": "population",
         "runningVariance": "unbiased"},
        steps=("training", "training", "evaluation"),
    )
    for groups in (2, 4):
        norm_cases(
            "group",
            lambda: PerToken(nn.GroupNorm(groups, FEATURES, eps=1e-5)),
            "nn.GroupNorm on [batch * token, feature]",
            {"eps": 1e-5, "featureGroups": groups},
            suffix=f".groups{groups}",
            tolerance=tolerance("A group of two nearly equal features is ill-conditioned: float32 gradients agree to 1e-2 "
                                "of the largest entry only") if groups == 4 else EXACT,
        )
    norm_cases("instance", lambda: InstanceOverTokens(FEATURES, 1e-5), "nn.InstanceNorm1d on [batch, feature, token]",
               {"eps": 1e-5}, only_tokens=True)
    norm_cases("dyt", lambda: DynamicTanh(FEATURES), "torch.tanh and autograd", {})
    norm_cases("scale", lambda: ScaleNorm(1e-5), "F.normalize(eps=1e-5) times g", {"eps": 1e-5})
    scale_norm_of_tiny_tokens()
    batch_norm_of_padded_batch()


def scale_norm_of_tiny_tokens():
    """Below eps the divisor is a constant, and so is its place in the backward pass."""
    name = "norm.scale.tiny"
    draw = Draw(name)
    norm = ScaleNorm(1e-5).double()
    parameters, _ = fill_norm(norm, "shared", draw)
    x = draw(X_AXES, [BATCH, TOKENS, FEATURES])
    x.tensor[0, 0] *= 1e-7
    x.tensor[1, 2] = 0.0
    cotangent = draw(X_AXES, [BATCH, TOKENS, FEATURES])
    outputs, gradients = one_pass(norm, x, cotangent, parts_of(norm, "shared")[0])
    write(fixture(name, "scale norm of a token shorter than eps (batch 0, token 0) and of a zero token (batch 1, token 2)",
                  "F.normalize(eps=1e-5) times g",
                  settings={"norm": "scale", "eps": 1e-5, "policy": "shared",
                            "groups": {"cls": [0, 1], "tokens": [1, TOKENS]}, "normalized": ["shared"]},
                  inputs={"x": x, "cotangent": cotangent}, parameters=parameters, outputs=outputs, gradients=gradients))


def batch_norm_of_padded_batch():
    """Padding must not reach the statistics. torch has no mask for this: it is given the real rows only."""
    name = "norm.batch.padded"
    draw = Draw(name)
    lengths = torch.tensor([5, 2, 3])
    real = torch.arange(TOKENS)[None] < lengths[:, None]
    norm = nn.BatchNorm1d(FEATURES, eps=1e-5, momentum=0.1).double()
    parameters, states = fill_norm(norm, "shared", draw)
    live, live_states = parts_of(norm, "shared")
    x = draw(X_AXES, [BATCH, TOKENS, FEATURES], mean=0.5, deviation=1.5)
    cotangent = draw(X_AXES, [BATCH, TOKENS, FEATURES])
    cotangent.tensor[~real] = 0.0
    outputs, gradients = one_pass(
        lambda value: torch.zeros_like(value).masked_scatter(real[..., None], norm(value[real])), x, cotangent, live)
    write(fixture(name, "batch norm in training mode over the real tokens of a padded batch; outputs at padding are "
                  "written as 0 and are not to be compared",
                  "nn.BatchNorm1d on the rows that are not padding",
                  settings={"norm": "batch", "eps": 1e-5, "momentum": 0.1, "momentumIsWeightOf": "new",
                            "forwardVariance": "population", "runningVariance": "unbiased", "policy": "shared",
                            "groups": {"cls": [0, 0], "tokens": [0, TOKENS]}, "normalized": ["shared"]},
                  inputs={"x": x, "lengths": Named(["batch"], lengths), "cotangent": cotangent}, parameters=parameters,
                  states=states, outputs=outputs, gradients=gradients, statesAfter=snapshot(states, live_states)))


# --- 2. Multi-head self-attention -----------------------------------------------------------------

PROJECTIONS = ("query", "key", "value")


def attention_parameters(draw, bias, prefix="", deviation=0.4):
    parameters = {f"{prefix}w_{key}": draw(["feature", "head", "key"], [FEATURES, HEADS, KEY], deviation=deviation)
                  for key in PROJECTIONS}
    parameters[f"{prefix}w_out"] = draw(["head", "key", "out"], [HEADS, KEY, FEATURES], deviation=deviation)
    if bias:
        for key in PROJECTIONS:
            parameters[f"{prefix}b_{key}"] = draw(["head", "key"], [HEADS, KEY], deviation=0.3)
        parameters[f"{prefix}b_out"] = draw(["out"], [FEATURES], deviation=0.3)
    return parameters


def attention_to_torch(named):
    """Named-axis tensors -> nn.MultiheadAttention's own: rows of q, k, v under each other, [out, in]."""
    packed = {"in_proj_weight": torch.cat([named[f"w_{key}"].reshape(FEATURES, -1).T for key in PROJECTIONS]),
              "out_proj.weight": named["w_out"].reshape(-1, FEATURES).T}
    if "b_out" in named:
        packed["in_proj_bias"] = torch.cat([named[f"b_{key}"].reshape(-1) for key in PROJECTIONS])
        packed["out_proj.bias"] = named["b_out"]
    return packed


def attention_from_torch(packed):
    """The inverse of attention_to_torch; serves values and gradients alike."""
    named = {f"w_{key}": part.T.reshape(FEATURES, HEADS, KEY)
             for key, part in zip(PROJECTIONS, packed["in_proj_weight"].chunk(3))}
    named["w_out"] = packed["out_proj.weight"].T.reshape(HEADS, KEY, FEATURES)
    for key, part in zip(PROJECTIONS, packed["in_proj_bias"].chunk(3)):
        named[f"b_{key}"] = part.reshape(HEADS, KEY)
    named["b_out"] = packed["out_proj.bias"]
    return named


def einsum_attention(x, p, forbidden):
    """The definition by named axes, only to prove that the weights were mapped correctly."""
    q, k, v = (torch.einsum("btf,fhk->bhtk", x, p[f"w_{key}"]) + (p[f"b_{key}"][None, :, None] if f"b_{key}" in p else 0)
               for key in PROJECTIONS)
    scores = torch.einsum("bhtk,bhsk->bhts", q, k) / math.sqrt(KEY)
    weights = scores.masked_fill(forbidden[:, None], -math.inf).softmax(-1)
    out = torch.einsum("bhts,bhsk,hko->bto", weights, v, p["w_out"])
    return out + p.get("b_out", 0)


def attention_fixture(case, description, *, bias, causal=False, lengths=None):
    tokens = 4
    name = f"attention.{case}"
    draw = Draw(name)
    x = draw(X_AXES, [BATCH, tokens, FEATURES])
    cotangent = draw(["batch", "token", "out"], [BATCH, tokens, FEATURES])
    parameters = attention_parameters(draw, bias)
    module = nn.MultiheadAttention(FEATURES, HEADS, bias=bias, batch_first=True, dtype=torch.float64)

    later = torch.ones(tokens, tokens, dtype=torch.bool).triu(1) if causal else None
    padding = None
    inputs = {"x": x}
    if lengths is not None:
        lengths = torch.tensor(lengths)
        padding = torch.arange(tokens)[None] >= lengths[:, None]
        cotangent.tensor[padding] = 0.0  # what stands at padding has no say in the loss
        inputs["lengths"] = Named(["batch"], lengths)
    inputs["cotangent"] = cotangent

    def gradients_of(run):
        leaves = {"x": leaf(x), **{key: leaf(value) for key, value in parameters.items()}}
        output = run(leaves["x"], {key: value for key, value in leaves.items() if key != "x"})
        if padding is not None:
            output = output.masked_fill(padding[..., None], 0.0)
        gradients = torch.autograd.grad((output * cotangent.tensor).sum(), list(leaves.values()))
        return output.detach(), dict(zip(leaves, gradients))

    def by_module(value, named, need_weights=False):
        # functional_call runs torch's module with our leaves in place of its weights.
        return torch.func.functional_call(
            module, attention_to_torch(named), (value, value, value),
            {"attn_mask": later, "key_padding_mask": padding, "need_weights": need_weights})[0]

    forbidden = torch.zeros(BATCH, tokens, tokens, dtype=torch.bool)
    if causal:
        forbidden = forbidden | later
    if padding is not None:
        forbidden = forbidden | padding[:, None, :]

    output, gradients = gradients_of(by_module)
    # torch has two paths (fused and explicit) behind that module; both and the definition must agree.
    for other in (lambda value, named: by_module(value, named, need_weights=True),
                  lambda value, named: einsum_attention(value, named, forbidden)):
        other_output, other_gradients = gradients_of(other)
        torch.testing.assert_close(other_output, output, rtol=1e-12, atol=1e-13)
        for key, gradient in gradients.items():
            torch.testing.assert_close(other_gradients[key], gradient, rtol=1e-12, atol=1e-13)

    notes = []
    if bias:
        notes.append("b_key only adds a constant to each row of scores: its gradient is mathematically zero, what "
                     "stands here is rounding noise")
    if padding is not None:
        notes.append("outputs at padding are written as 0 and are not to be compared")
    write(fixture(name, description, "nn.MultiheadAttention (F.multi_head_attention_forward)",
                  tolerance=tolerance("; ".join(notes)) if notes else EXACT,
                  settings={"heads": HEADS, "scale": 1 / math.sqrt(KEY), "bias": bias, "causal": causal,
                            "padded": padding is not None},
                  inputs=inputs, parameters=parameters, outputs={"y": Named(["batch", "token", "out"], output)},
                  gradients={key: Named(x.axes if key == "x" else parameters[key].axes, gradient)
                             for key, gradient in gradients.items()}))


def attention_fixtures():
    attention_fixture("bias", "multi-head self-attention with biases", bias=True)
    attention_fixture("no_bias", "multi-head self-attention without biases", bias=False)
    attention_fixture("causal", "causal multi-head self-attention: token t sees tokens 0..t", bias=True, causal=True)
    attention_fixture("padded", "multi-head self-attention over a padded batch: no token sees padding", bias=True,
                      lengths=[4, 2, 3])


# --- 3. A whole two-layer stack -------------------------------------------------------------------

LAYERS, HIDDEN, CLASSES, STACK_BATCH, STACK_EPS = 2, 4 * FEATURES, 3, 4, 1e-6


def stack_sites(placement):
    """Norm sites in the order in which the stack meets them."""
    positions = {"pre": ["before"], "post": ["after"], "sandwich": ["before", "after"]}[placement]
    sites = [f"encoder.{layer}.{sublayer}.{position}"
             for layer in range(LAYERS) for sublayer in ("attention", "mlp") for position in positions]
    return sites if placement == "post" else [*sites, "encoder.final"]


class Stack(nn.Module):
    def __init__(self, placement):
        super().__init__()
        self.sites = {site: {"cls": "batch" if index else "layer", "tokens": "layer"}
                      for index, site in enumerate(stack_sites(placement))}
        make = {"layer": lambda: nn.LayerNorm(FEATURES, eps=STACK_EPS),
                "batch": lambda: PerToken(nn.BatchNorm1d(FEATURES, eps=STACK_EPS, momentum=0.1))}
        # Module names cannot hold dots.
        self.norms = nn.ModuleDict({site.replace(".", "/"): Grouped({"cls": [0, 1], "tokens": [1, TOKENS]},
                                    {group: make[kind]() for group, kind in kinds.items()})
                                    for site, kinds in self.sites.items()})
        self.attention = nn.ModuleList(nn.MultiheadAttention(FEATURES, HEADS, batch_first=True) for _ in range(LAYERS))
        self.mlp = nn.ModuleList(nn.Sequential(nn.Linear(FEATURES, HIDDEN), nn.GELU(), nn.Linear(HIDDEN, FEATURES))
                                 for _ in range(LAYERS))
        self.logits = nn.Linear(FEATURES, CLASSES)

    def norm(self, site, x):
        return self.norms[site.replace(".", "/")](x) if site in self.sites else x

    def attend(self, layer, x):
        return self.attention[layer](x, x, x, need_weights=False)[0]

    def forward(self, x):
        for layer in range(LAYERS):
            for name, run in (("attention", lambda value: self.attend(layer, value)), ("mlp", self.mlp[layer])):
                before, after = f"encoder.{layer}.{name}.before", f"encoder.{layer}.{name}.after"
                if before in self.sites:  # pre and sandwich: the residual stream itself is never normalized
                    x = x + self.norm(after, run(self.norm(before, x)))
                else:
                    x = self.norm(after, x + run(x))
        x = self.norm("encoder.final", x)
        return x, self.logits(x[:, 0])

    def named_parts(self):
        """({fixture name: parameter}, {fixture name: state}) of every norm."""
        parameters, states = {}, {}
        for site in self.sites:
            for group, norm in self.norms[site.replace(".", "/")].norms.items():
                parts = parts_of(norm, f"{site}.{group}")
                parameters.update(parts[0])
                states.update(parts[1])
        return parameters, states


def stack_parameters(model, pick):
    """The model's values or gradients under the fixture's names; `pick` takes a parameter to a tensor."""
    named = {}
    for layer in range(LAYERS):
        packed = {key: pick(value) for key, value in model.attention[layer].named_parameters()}
        named.update({f"encoder.{layer}.attention.{key}": value for key, value in attention_from_torch(packed).items()})
        first, last = model.mlp[layer][0], model.mlp[layer][2]
        named.update({f"encoder.{layer}.mlp.w_in": pick(first.weight).T, f"encoder.{layer}.mlp.b_in": pick(first.bias),
                      f"encoder.{layer}.mlp.w_out": pick(last.weight).T, f"encoder.{layer}.mlp.b_out": pick(last.bias)})
    named.update({key: pick(value) for key, value in model.named_parts()[0].items()})
    named["logits.weight"], named["logits.bias"] = pick(model.logits.weight).T, pick(model.logits.bias)
    return named


def stack_fixture(placement):
    name = f"stack.{placement}"
    draw = Draw(name)
    model = Stack(placement).double()

    parameters, states = {}, {}
    for layer in range(LAYERS):
        attention = attention_parameters(draw, bias=True)
        model.attention[layer].load_state_dict(
            attention_to_torch({key: value.tensor for key, value in attention.items()}))
        parameters.update({f"encoder.{layer}.attention.{key}": value for key, value in attention.items()})
        mlp = {"w_in": draw(["feature", "hidden"], [FEATURES, HIDDEN], deviation=0.4),
               "b_in": draw(["hidden"], [HIDDEN], deviation=0.2),
               "w_out": draw(["hidden", "out"], [HIDDEN, FEATURES], deviation=0.2),
               "b_out": draw(["out"], [FEATURES], deviation=0.2)}
        model.mlp[layer].load_state_dict({"0.weight": mlp["w_in"].tensor.T, "0.bias": mlp["b_in"].tensor,
                                          "2.weight": mlp["w_out"].tensor.T, "2.bias": mlp["b_out"].tensor})
        parameters.update({f"encoder.{layer}.mlp.{key}": value for key, value in mlp.items()})
    for site in model.sites:
        for group, norm in model.norms[site.replace(".", "/")].norms.items():
            filled = fill_norm(norm, f"{site}.{group}", draw)
            parameters.update(filled[0])
            states.update(filled[1])
    head = {"weight": draw(["feature", "class"], [FEATURES, CLASSES], deviation=0.5),
            "bias": draw(["class"], [CLASSES], deviation=0.2)}
    model.logits.load_state_dict({"weight": head["weight"].tensor.T, "bias": head["bias"].tensor})
    parameters.update({f"logits.{key}": value for key, value in head.items()})

    # The mapping has to be the identity before it can be trusted after training.
    assert all(torch.equal(value, parameters[key].tensor) for key, value in stack_parameters(model, torch.detach).items())
    live_states = model.named_parts()[1]

    adamw = {"learningRate": 1e-2, "betas": [0.9, 0.999], "eps": 1e-8, "weightDecay": 0.05}
    # Single-tensor code path: one plain kernel per operation, whatever the machine.
    optimizer = torch.optim.AdamW(model.parameters(), lr=adamw["learningRate"], betas=tuple(adamw["betas"]),
                                  eps=adamw["eps"], weight_decay=adamw["weightDecay"], foreach=False, fused=False)
    cross_entropy = nn.CrossEntropyLoss()
    steps = []
    for mode in ("training", "training", "training", "evaluation"):
        x = draw(X_AXES, [STACK_BATCH, TOKENS, FEATURES])
        labels = torch.tensor([draw.random.randrange(CLASSES) for _ in range(STACK_BATCH)])
        model.train(mode == "training")
        value = leaf(x)
        sequence, logits = model(value)
        loss = cross_entropy(logits, labels)
        step = {"mode": mode, "inputs": {"x": x, "labels": Named(["batch"], labels)},
                "outputs": {"sequence": Named(X_AXES, sequence), "logits": Named(["batch", "class"], logits),
                            "loss": Named([], loss)}}
        if mode == "training":
            optimizer.zero_grad()
            loss.backward()
            gradients = stack_parameters(model, lambda parameter: parameter.grad.detach().clone())
            if not steps:
                step["gradients"] = {"x": Named(X_AXES, value.grad.clone()), **snapshot(parameters, gradients)}
                largest = {key: gradient.abs().max().item() for key, gradient in gradients.items()}
                unused = [key for key in parameters if largest[key] == 0.0]
                invariant = [key for key in parameters if 0.0 < largest[key] < 1e-13]
                # Nothing may lie between noise and signal, or the two lists above would be a guess.
                assert all(size > 1e-6 for key, size in largest.items() if key not in unused + invariant)
            optimizer.step()
            step["statesAfter"] = snapshot(states, live_states)
        steps.append(step)

    residual = {"pre": "x + f(norm(x)), final norm", "post": "norm(x + f(x)), no final norm",
                "sandwich": "x + norm(f(norm(x))), final norm"}[placement]
    write(stepwise(
        name, f"two encoder layers, {placement} placement ({residual}), classifier on the cls output; three AdamW "
        "steps on three batches, then evaluation on a fourth. A step's loss is that of its forward pass, before its "
        "update; gradients are of the loss, and given for the first step",
        "nn.MultiheadAttention, nn.Linear, nn.GELU, nn.LayerNorm, nn.BatchNorm1d, nn.CrossEntropyLoss, optim.AdamW",
        tolerance=tolerance(
            "The first step agrees to 1e-12. Gradients of settings.invariantParameters are mathematically zero: what "
            "stands there is rounding noise, which AdamW divides by its eps. In float64 those parameters, and the "
            "running statistics and evaluation that see them, then agree to 1e-8, all else to 1e-12. In float32 the "
            "noise exceeds eps: training losses and the other parameters still agree to 1e-5, but the invariant "
            "parameters drift by up to 0.03, running statistics by 0.01, evaluation logits by 0.1. To compare the "
            "evaluation in float32, first load parametersAfter and the last statesAfter. settings.unusedParameters have "
            "a gradient of exactly zero, and weight decay still shrinks them",
            absolute=1e-8, relative=1e-8),
        settings={"placement": placement, "heads": HEADS, "layers": LAYERS, "hidden": HIDDEN, "classes": CLASSES,
                  "activation": "gelu (erf)", "scale": 1 / math.sqrt(KEY), "eps": STACK_EPS, "momentum": 0.1,
                  "groups": {"cls": [0, 1], "tokens": [1, TOKENS]}, "sites": model.sites,
                  "loss": "cross entropy, mean over the batch", "optimizer": {"name": "adamw", **adamw},
                  "invariantParameters": invariant, "unusedParameters": unused},
        parameters=parameters, states=states, steps=steps,
        parametersAfter=snapshot(parameters, stack_parameters(model, torch.detach))))


# --- 4. Losses and optimizers ---------------------------------------------------------------------


def loss_fixture(name, description, source, inputs, wanted, settings, compute):
    draw = Draw(name)
    inputs = inputs(draw)
    cotangent = draw([], [])
    leaves = {key: leaf(inputs[key]) for key in wanted}
    loss = compute(**{key: leaves.get(key, value.tensor) for key, value in inputs.items()})
    gradients = torch.autograd.grad(loss * cotangent.tensor, list(leaves.values()))
    write(fixture(name, description, source, settings=settings, inputs={**inputs, "cotangent": cotangent},
                  outputs={"loss": Named([], loss)},
                  gradients={key: Named(inputs[key].axes, value) for key, value in zip(wanted, gradients)}))


def loss_fixtures():
    def classified(axes, shape):
        def make(draw):
            count = math.prod(shape)
            labels = torch.tensor([draw.random.randrange(4) for _ in range(count)]).reshape(shape)
            logits = draw([*axes, "class"], [*shape, 4], deviation=2.0)
            return {"logits": logits, "labels": Named(axes, labels)}
        return make

    for smoothing in (0.0, 0.1):
        for case, axes, shape in (("", ["batch"], [4]), (".tokens", ["batch", "token"], [BATCH, 4])):
            loss_fixture(f"loss.cross_entropy.smoothing{smoothing:g}{case}",
                         f"cross entropy, mean over {' and '.join(axes)}, label smoothing {smoothing:g}", "F.cross_entropy",
                         classified(axes, shape), ["logits"], {"labelSmoothing": smoothing, "reduction": "mean"},
                         lambda logits, labels: F.cross_entropy(logits.reshape(-1, 4), labels.reshape(-1),
                                                                label_smoothing=smoothing))
    loss_fixture("loss.mean_squared_error", "mean squared error over every entry", "F.mse_loss",
                 lambda draw: {key: draw(["batch", "feature"], [4, FEATURES]) for key in ("prediction", "target")},
                 ["prediction", "target"], {"reduction": "mean"},
                 lambda prediction, target: F.mse_loss(prediction, target))


MOMENT_NAME = {"momentum_buffer": "momentum", "exp_avg": "first_moment", "exp_avg_sq": "second_moment"}


def optimizer_fixture(name, description, source, make, settings, gradient_of, count, parameters):
    """Gradients are handed to the optimizer, and stored: the test needs no model."""
    live = {key: nn.Parameter(value.tensor.clone()) for key, value in parameters.items()}
    optimizer = make(list(live.values()))
    steps = []
    for index in range(count):
        gradients = {key: gradient_of(index, key, value.detach()) for key, value in live.items()}
        for key, value in live.items():
            value.grad = gradients[key].clone()
        optimizer.step()
        moments = {f"{key}.{MOMENT_NAME[state]}": Named(parameters[key].axes, tensor.detach().clone())
                   for key, value in live.items() for state, tensor in optimizer.state[value].items()
                   if state in MOMENT_NAME}
        steps.append({"gradients": snapshot(parameters, gradients), "parametersAfter": snapshot(parameters, live),
                      "statesAfter": moments})
    write(stepwise(name, description, source, settings=settings, parameters=parameters, states={}, steps=steps))


def optimizer_fixtures():
    def parameters(draw):
        return {"w": draw(["feature", "out"], [3, 2]), "b": draw(["out"], [2])}

    for nesterov in (False, True):
        for decay in (0.0, 0.05):
            name = f"optimizer.sgd.{'nesterov' if nesterov else 'momentum'}{'.decay' if decay else ''}"
            draw = Draw(name)
            start = parameters(draw)
            target = {key: draw(value.axes, list(value.tensor.shape)).tensor for key, value in start.items()}
            optimizer_fixture(
                name, f"SGD, momentum 0.9, {'Nesterov' if nesterov else 'classical'}, weight decay {decay:g}: 3 steps down "
                "0.5 * ||parameter - target||^2. torch's rule: g += decay * p; m = 0.9 m + g (m = g at first); "
                "p -= lr * (g + 0.9 m if nesterov else m)", "optim.SGD",
                lambda live: torch.optim.SGD(live, lr=0.1, momentum=0.9, weight_decay=decay, nesterov=nesterov,
                                             foreach=False, fused=False),
                {"learningRate": 0.1, "momentum": 0.9, "dampening": 0, "weightDecay": decay, "nesterov": nesterov},
                lambda index, key, value: value - target[key], 3, start)

    defaults = torch.optim.AdamW([torch.zeros(1)]).defaults
    given = {"learningRate": 1e-2, "betas": [0.9, 0.98], "eps": 1e-8, "weightDecay": 0.05}
    for case, settings, make in (
        ("given", given,
         lambda live: torch.optim.AdamW(live, lr=1e-2, betas=(0.9, 0.98), eps=1e-8, weight_decay=0.05, foreach=False,
                                        fused=False)),
        ("defaults", {"learningRate": defaults["lr"], "betas": list(defaults["betas"]), "eps": defaults["eps"],
                      "weightDecay": defaults["weight_decay"]},
         lambda live: torch.optim.AdamW(live, foreach=False, fused=False)),
    ):
        name = f"optimizer.adamw.{case}"
        draw = Draw(name)
        start = parameters(draw)
        gradients = [{key: draw(value.axes, list(value.tensor.shape)).tensor for key, value in start.items()}
                     for _ in range(5)]
        for step in gradients:
            # A gradient that is always 0 shows the decay alone; one of eps's size shows where eps is added.
            step["b"][0] = 0.0
            step["w"][0, 0] *= 1e-8
            step["w"][1, 1] *= 1e4
        optimizer_fixture(
            name, f"AdamW, 5 steps with given gradients, {'torch defaults' if case == 'defaults' else 'given settings'}",
            "optim.AdamW", make, settings, lambda index, key, value: gradients[index][key], 5, start)


# --- 5. Activations -------------------------------------------------------------------------------


def activation_fixtures():
    # Zero, small, the curved part, where erf and tanh are flat, and where exp overflows float32 and float64.
    vector = [-1000.0, -100.0, -40.0, -10.0, -6.0, -3.0, -1.5, -0.7, -0.1, -1e-8, 0.0, 1e-8, 0.1, 0.7, 1.5, 3.0, 6.0, 10.0,
              40.0, 100.0, 1000.0]
    elementwise = {
        "gelu": ("exact GELU, x * Phi(x)", "F.gelu", lambda x: F.gelu(x, approximate="none")),
        "gelu_tanh": ("GELU, tanh approximation", "F.gelu(approximate='tanh')", lambda x: F.gelu(x, approximate="tanh")),
        "relu": ("ReLU; the derivative at 0 is 0", "F.relu", F.relu),
        "silu": ("SiLU, x * sigmoid(x)", "F.silu", F.silu),
    }
    rows = [
        [0.5, -1.25, 2.0, 0.0, 0.75, -0.3],
        [1000.0, 999.0, 998.5, 0.0, -1000.0, 1000.0],
        [-1000.0, -1001.0, -1002.5, -1000.25, -1003.0, -1000.0],
        [1e-8, -1e-8, 0.0, 0.0, 2e-8, 1e-8],
        [30.0, -30.0, 60.0, 59.0, 0.0, 88.5],
    ]
    over_rows = {
        "softmax": ("softmax along the last axis", "F.softmax", lambda x: F.softmax(x, dim=-1)),
        "log_softmax": ("log softmax along the last axis", "F.log_softmax", lambda x: F.log_softmax(x, dim=-1)),
    }
    for table, axes, data, more in ((elementwise, ["entry"], vector, {}),
                                    (over_rows, ["row", "entry"], rows, {"axis": "entry"})):
        for kind, (description, source, run) in table.items():
            name = f"activation.{kind}"
            draw = Draw(name)
            x = Named(axes, torch.tensor(data, dtype=torch.float64))
            cotangent = draw(axes, list(x.tensor.shape))
            value = leaf(x)
            output = run(value)
            (gradient,) = torch.autograd.grad((output * cotangent.tensor).sum(), value, retain_graph=True)
            extra = {}
            if table is elementwise:
                (derivative,) = torch.autograd.grad(output.sum(), value)
                extra["derivative"] = Named(axes, derivative)
            write(fixture(name, description, source, settings={"activation": kind, **more},
                          tolerance=tolerance("Far left, the relative error of 1 + erf(x) or 1 + tanh(x) is large: there "
                                              "the absolute tolerance counts") if "gelu" in kind else EXACT,
                          inputs={"x": x, "cotangent": cotangent}, outputs={"y": Named(axes, output), **extra},
                          gradients={"x": Named(axes, gradient)}))


# --- 6. Hand-checkable vectors --------------------------------------------------------------------


def vector_fixture():
    """Numbers of the project's design notes, copied with the digits they have there (a second witness beside torch)."""
    layer = {"forward": [-1.3416, -0.4472, 0.4472, 1.3416], "dx": [0.2683, -0.3578, -0.0894, 0.1789]}
    rms = {"forward": [0.3651, 0.7303, 1.0954, 1.4606], "dx": [0.3530, -0.0243, -0.0365, -0.0487]}
    vectors = [
        {"op": "layer", "settings": {"eps": 1e-5}, **layer},
        {"op": "rms", "settings": {"eps": 0.0}, **rms},
        {"op": "scale", "settings": {"g": 2, "eps": 0.0}, **rms},
        {"op": "group", "settings": {"featureGroups": 2, "eps": 0.0}, "forward": [-1, 1, -1, 1], "dx": [0, 0, 0, 0]},
        {"op": "dyt", "settings": {"alpha": 0.5}, "forward": [0.4621, 0.7616, 0.9051, 0.9640], "dx": [0.3932, 0, 0, 0]},
        {"op": "batch", "variant": "torch", "settings": {"eps": 1e-5, "momentum": 0.1, "momentumIsWeightOf": "new",
                                                        "runningVariance": "unbiased"},
         "states": {"running_mean": 0, "running_variance": 1}, **layer,
         "statesAfter": {"running_mean": 0.25, "running_variance": 1.06667},
         "evaluationForward": [0.7262, 1.6944, 2.6627, 3.6309],
         "note": "x is one feature of a batch of 4; evaluationForward is the same x in evaluation mode after that one step"},
        {"op": "batch", "variant": "tfjs", "settings": {"eps": 1e-3, "momentum": 0.99, "momentumIsWeightOf": "old",
                                                       "runningVariance": "population"},
         "states": {"running_mean": 0, "running_variance": 1},
         "statesAfter": {"running_mean": 0.025, "running_variance": 1.0025},
         "evaluationForward": [0.9733, 1.9716, 2.9698, 3.9681],
         "note": "as above, with tfjs-layers' conventions"},
        {"op": "weight_norm", "settings": {}, "v": [3, 4], "g": 2, "forward": [1.2, 1.6], "vDotDv": 0,
         "note": "w = g v / ||v||; the gradient of v is orthogonal to v"},
        {"op": "weight_standardization", "settings": {"gain": 1}, "forward": [-1.3416, -0.4472, 0.4472, 1.3416],
         "note": "x is one output's weights"},
        {"op": "scaled_weight_standardization", "settings": {"activation": "relu", "gain": 1.71286},
         "forward": [-1.1490, -0.3830, 0.3830, 1.1490], "note": "x is one output's weights; divided by sqrt(fan-in) too"},
        {"op": "graph_norm", "settings": {"alpha": 0.5}, "x": [[1, 2], [3, 6]], "forward": [[0, 0], [1.4142, 1.4142]],
         "note": "rows are nodes; the source prints sqrt(2)"},
        {"op": "pair_norm", "settings": {"s": 1}, "x": [[1, 2], [3, 6]],
         "forward": [[-0.4472, -0.8944], [0.4472, 0.8944]], "note": "rows are nodes"},
        {"op": "power_norm", "settings": {"alphaForward": 0.9, "alphaBackward": 0.9, "gamma": 1, "eps": 0.0},
         "states": {"psi_squared": 1, "nu": 0},
         "steps": [
             {"forward": [1, 2, 3, 4], "lambda": 0.25, "gamma": 7.5,
              "statesAfter": {"psi_squared": 1.65, "nu": 0.025},
              "dx": {"paper": [1, 0, 0, 0], "code": [0.3651, 0, 0, 0]}},
             {"forwardDivisorSquared": 1.65,
              "dx": {"paper": [0.7633, -0.0303, -0.0455, -0.0606], "code": [0.3580, -0.0142, -0.0213, -0.0284]}},
         ],
         "note": "one channel, x as the batch, past warmup, two identical steps. The paper divides by the running psi of "
                 "the forward pass, the released code by the current batch's root mean square. In `steps`, lambda is "
                 "mean(dy x_hat) and gamma is mean(x_hat^2)"},
        {"op": "masked_batch_statistics", "settings": {}, "x": [1, 2, 3, 4, 5, 0, 0, 0, 0, 0], "length": 5,
         "masked": {"mean": 3.0, "variance": 2.0}, "unmasked": {"mean": 1.5, "variance": 3.25},
         "note": "five values and five zeros of padding; population variances"},
    ]
    check_vectors(vectors)
    path = FIXTURES / "normalization_vectors.json"
    path.write_text(render({
        "name": "normalization_vectors",
        "description": "Hand-checkable vectors of normalization methods: forward of x, and dx for the cotangent dy, with "
                       "unit scale and no shift; a vector with its own x says so",
        "source": "the project's design notes on normalization methods, Appendix A and section 4.3: copied, not computed here",
        "tolerance": {"absolute": 6e-5, "relative": 0.0, "note": "four decimals are given; eps 0 stands for eps -> 0"},
        "x": [1, 2, 3, 4],
        "dy": [1, 0, 0, 0],
        "vectors": vectors,
    }) + "\n", encoding="utf-8")


def check_vectors(vectors):
    """A slip of the pen in the copy would send someone hunting: torch confirms what it has a function for."""
    line = torch.tensor([[1.0, 2.0, 3.0, 4.0]], dtype=torch.float64)
    batch = nn.BatchNorm1d(1, eps=1e-5, momentum=0.1).double()
    run = {
        ("layer", None): (lambda x: F.layer_norm(x, [4], eps=1e-5)),
        ("rms", None): (lambda x: F.rms_norm(x, [4], eps=1e-30)),
        ("scale", None): (lambda x: 2 * F.normalize(x, dim=-1)),
        ("group", None): (lambda x: F.group_norm(x, 2, eps=1e-30)),
        ("dyt", None): (lambda x: torch.tanh(0.5 * x)),
        ("batch", "torch"): (lambda x: batch(x.T).T),
    }
    for vector in vectors:
        compute = run.get((vector["op"], vector.get("variant")))
        if compute is None:
            continue
        x = line.clone().requires_grad_(True)
        output = compute(x)
        output[0, 0].backward()
        for stated, computed in ((vector["forward"], output), (vector["dx"], x.grad)):
            torch.testing.assert_close(torch.tensor([stated], dtype=torch.float64), computed.detach(), rtol=0, atol=6e-5)
        if vector["op"] == "batch":
            after = vector["statesAfter"]
            torch.testing.assert_close(batch.running_mean.item(), after["running_mean"], rtol=0, atol=1e-12)
            torch.testing.assert_close(batch.running_var.item(), after["running_variance"], rtol=0, atol=6e-6)
            torch.testing.assert_close(batch.eval()(line.T).T.detach(),
                                       torch.tensor([vector["evaluationForward"]], dtype=torch.float64), rtol=0, atol=6e-5)


# --------------------------------------------------------------------------------------------------


def main():
    if torch.__version__.split("+")[0] != TORCH_VERSION:
        sys.exit(f"these fixtures are made with torch {TORCH_VERSION}, this is torch {torch.__version__}")
    torch.set_num_threads(1)
    torch.use_deterministic_algorithms(True)
    FIXTURES.mkdir(exist_ok=True)
    for old in FIXTURES.glob("*.json"):
        old.unlink()
    norm_fixtures()
    attention_fixtures()
    for placement in ("pre", "post", "sandwich"):
        stack_fixture(placement)
    loss_fixtures()
    optimizer_fixtures()
    activation_fixtures()
    vector_fixture()
    files = sorted(FIXTURES.glob("*.json"))
    print(f"{len(files)} fixtures, {sum(file.stat().st_size for file in files) / 1024:.0f} KiB")


if __name__ == "__main__":
    main()
