"""Writes methods.json: ResiDual, nGPT and GRANOLA put together from torch's modules, with autograd's gradients, in float64.

    python test/oracle/pytorch/methods.py

What is compared with it is in streams.test.ts, ngpt.test.ts and granola.test.ts. Inputs come from Python's own generator.
"""

import math
import sys
from pathlib import Path

import torch
import torch.nn.functional as F

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))
from make_fixtures import Draw, Named, leaf, render, snapshot  # noqa: E402

BATCH, TOKENS, FEATURES, HIDDEN, HEADS = 2, 4, 6, 5, 2


def case(inputs, parameters, compute):
    """The output of `compute(x, p)`, and the gradients of sum(output * cotangent)."""
    leaves = {key: leaf(value) for key, value in {"x": inputs["x"], **parameters}.items()}
    others = {key: value.tensor for key, value in inputs.items() if key != "x"}
    output = compute(leaves["x"], leaves, others)
    (output * others["cotangent"]).sum().backward()
    named = {"x": inputs["x"], **parameters}
    return {
        "inputs": inputs,
        "parameters": parameters,
        "output": Named(["batch", "token", "feature"], output.detach()),
        "gradients": snapshot(named, {key: value.grad for key, value in leaves.items()}),
    }


def sequence(draw):
    return draw(["batch", "token", "feature"], [BATCH, TOKENS, FEATURES])


def mlp_parameters(draw, name):
    return {
        f"{name}.w_in": draw(["feature", "hidden"], [FEATURES, HIDDEN]),
        f"{name}.b_in": draw(["hidden"], [HIDDEN]),
        f"{name}.w_out": draw(["hidden", "out"], [HIDDEN, FEATURES]),
        f"{name}.b_out": draw(["out"], [FEATURES]),
    }


def mlp(p, name, x, activation):
    hidden = activation(F.linear(x, p[f"{name}.w_in"].T, p[f"{name}.b_in"]))
    return F.linear(hidden, p[f"{name}.w_out"].T, p[f"{name}.b_out"])


def residual_dual():
    """Xie et al., 2023: two MLPs in post-norm, and the sum of what they give, normalised at the end with an eps of 1e-7."""
    draw = Draw("residual_dual")
    inputs = {"x": sequence(draw), "cotangent": sequence(draw)}
    parameters = {}
    for name in ("mlp", "mlp_2"):
        parameters |= mlp_parameters(draw, f"encoder.{name}")
    for site in ("mlp.after", "mlp_2.after", "final"):
        parameters[f"encoder.{site}.tokens.scale"] = draw(["feature"], [FEATURES], 1, 0.3)
        parameters[f"encoder.{site}.tokens.shift"] = draw(["feature"], [FEATURES], 0, 0.3)

    def compute(x, p, _):
        def norm(y, site, eps=1e-5):
            return F.layer_norm(y, [FEATURES], p[f"encoder.{site}.tokens.scale"], p[f"encoder.{site}.tokens.shift"], eps)

        dual = x
        for name in ("mlp", "mlp_2"):
            branch = mlp(p, f"encoder.{name}", x, F.gelu)
            dual = dual + branch
            x = norm(x + branch, f"{name}.after")
        return x + norm(dual, "final", 1e-7)

    return case(inputs, parameters, compute)


def ngpt():
    """Loshchilov et al., 2024: a causal block with the numbers of the released code, without rotary positions."""
    draw = Draw("ngpt")
    key = FEATURES // HEADS
    root = math.sqrt(FEATURES)

    def unit(x, dim=-1):
        return x / x.norm(dim=dim, keepdim=True)

    def on_sphere(named, axis):
        return Named(named.axes, unit(named.tensor, named.axes.index(axis)))

    inputs = {"x": on_sphere(sequence(draw), "feature"), "cotangent": sequence(draw)}
    a, m = "decoder.ngpt_attention", "decoder.ngpt_mlp"
    parameters = {
        **{f"{a}.w_{name}": on_sphere(draw(["feature", "head", "key"], [FEATURES, HEADS, key]), "feature") for name in ("query", "key", "value")},
        f"{a}.w_out": on_sphere(draw(["head", "key", "out"], [HEADS, key, FEATURES]), "out"),
        f"{a}.weight": draw(["head", "key"], [HEADS, key], 0.4, 0.1),
        f"{a}.alpha": draw(["feature"], [FEATURES]),
        f"{m}.w_in": on_sphere(draw(["feature", "hidden"], [FEATURES, HIDDEN]), "feature"),
        f"{m}.w_gate": on_sphere(draw(["feature", "hidden"], [FEATURES, HIDDEN]), "feature"),
        f"{m}.w_out": on_sphere(draw(["hidden", "out"], [HIDDEN, FEATURES]), "out"),
        f"{m}.strength_in": draw(["hidden"], [HIDDEN], 1, 0.2),
        f"{m}.strength_gate": draw(["hidden"], [HIDDEN], 1, 0.2),
        f"{m}.alpha": draw(["feature"], [FEATURES]),
    }

    def compute(x, p, _):
        def towards(h, result, alpha):
            rate = torch.abs(alpha * (0.05 / (1 / root)))
            return unit(h + rate * (unit(result) - h))

        def heads(name):
            return F.linear(x, p[f"{a}.w_{name}"].reshape(FEATURES, FEATURES).T).view(BATCH, TOKENS, HEADS, key).transpose(1, 2)

        strength = (p[f"{a}.weight"] * (1 / (1 / root))).view(1, HEADS, 1, key)
        query, keys, value = strength * unit(heads("query")), strength * unit(heads("key")), heads("value")
        given = F.scaled_dot_product_attention(query, keys, value, is_causal=True, scale=math.sqrt(key))
        mixed = F.linear(given.transpose(1, 2).reshape(BATCH, TOKENS, FEATURES), p[f"{a}.w_out"].reshape(FEATURES, FEATURES).T)
        x = towards(x, mixed, p[f"{a}.alpha"])
        u = F.linear(x, p[f"{m}.w_in"].T) * p[f"{m}.strength_in"] * root
        v = F.linear(x, p[f"{m}.w_gate"].T) * p[f"{m}.strength_gate"] * root
        return towards(x, F.linear(u * F.silu(v), p[f"{m}.w_out"].T), p[f"{m}.alpha"])

    return case(inputs, parameters, compute)


def granola(with_adjacency):
    """Eliasof et al., 2024, without random features: two layers of GIN, and a perceptron each for scale and shift."""
    draw = Draw(f"granola {with_adjacency}")
    inputs = {"x": sequence(draw), "cotangent": sequence(draw)}
    if with_adjacency:
        inputs["adjacency"] = Named(["batch", "token", "source"], (draw(["batch", "token", "source"], [BATCH, TOKENS, TOKENS]).tensor > 0).to(torch.float64))
    parameters = {}
    for name in ("near", "far"):
        parameters[f"granola.{name}.own"] = draw([], [])
        for part in ("hidden", "linear"):
            parameters[f"granola.{name}.{part}.weight"] = draw(["feature", "out"], [FEATURES, FEATURES], 0, 0.5)
            parameters[f"granola.{name}.{part}.bias"] = draw(["feature"], [FEATURES])
    for name in ("scale", "shift"):
        parameters |= {
            key: Named(value.axes, value.tensor)
            for key, value in {
                f"granola.{name}.w_in": draw(["feature", "hidden"], [FEATURES, FEATURES]),
                f"granola.{name}.b_in": draw(["hidden"], [FEATURES]),
                f"granola.{name}.w_out": draw(["hidden", "out"], [FEATURES, FEATURES]),
                f"granola.{name}.b_out": draw(["out"], [FEATURES]),
            }.items()
        }

    def compute(x, p, others):
        def gin(h, name):
            messages = others["adjacency"] @ h if with_adjacency else h.mean(1, keepdim=True)
            combined = (1 + p[f"granola.{name}.own"]) * h + messages
            hidden = F.relu(F.linear(combined, p[f"granola.{name}.hidden.weight"].T, p[f"granola.{name}.hidden.bias"]))
            return F.linear(hidden, p[f"granola.{name}.linear.weight"].T, p[f"granola.{name}.linear.bias"])

        z = gin(gin(x, "near"), "far")
        return F.layer_norm(x, [FEATURES]) * (1 + mlp(p, "granola.scale", z, F.relu)) + mlp(p, "granola.shift", z, F.relu)

    return case(inputs, parameters, compute)


def main():
    torch.set_num_threads(1)
    cases = {"residual_dual": residual_dual(), "ngpt": ngpt(), "granola": granola(False), "granola_adjacency": granola(True)}
    text = render({"source": f"torch {torch.__version__.split('+')[0]}, CPU, float64", **cases})
    (Path(__file__).resolve().parent / "methods.json").write_text(text + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
