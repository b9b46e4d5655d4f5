"""Writes bert.json and simcse.json beside this file: a masked language model as BERT's, by torch's own encoder, and SimCSE's loss.

How to run, with the CPU wheel of torch 2.9.1 from PyPI (from anywhere):

    python test/oracle/pytorch/bert.py

Words, positions and the one segment are embedded and normalised (eps 1e-12); two layers of nn.TransformerEncoder follow in
post-norm, with exact GELU and biases; the head is BERT's: a linear map, GELU, a norm, and the table of the words with a bias of
its own. One sequence is full and two are padded. The loss is the mean cross-entropy of the chosen positions. Everything is
float64, and autograd takes the gradients. The rules of ../make_fixtures.py, whose tools these are, hold here too.
"""

import sys
from pathlib import Path

import torch
import torch.nn.functional as F
from torch import nn

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))
from make_fixtures import (EXACT, FEATURES, HEADS, TORCH_VERSION, Draw, Named, attention_parameters, attention_to_torch,  # noqa: E402
                           fixture, leaf, render)

LAYERS, HIDDEN, VOCABULARY, TOKENS, EPS = 2, 2 * FEATURES, 11, 6, 1e-12
LENGTHS = [6, 3, 5]
ROLES = {"attention": "norm1", "mlp": "norm2"}


class MaskedLanguageModel(nn.Module):
    def __init__(self):
        super().__init__()
        self.words = nn.Embedding(VOCABULARY, FEATURES)
        self.positions = nn.Embedding(TOKENS, FEATURES)
        self.segments = nn.Embedding(1, FEATURES)
        self.norm = nn.LayerNorm(FEATURES, eps=EPS)
        layer = nn.TransformerEncoderLayer(FEATURES, HEADS, HIDDEN, dropout=0.0, activation=F.gelu, layer_norm_eps=EPS,
                                           batch_first=True, norm_first=False)
        self.encoder = nn.TransformerEncoder(layer, LAYERS, enable_nested_tensor=False)
        self.transform = nn.Linear(FEATURES, FEATURES)
        self.transform_norm = nn.LayerNorm(FEATURES, eps=EPS)
        self.offset = nn.Parameter(torch.zeros(VOCABULARY))

    def forward(self, ids, padding):
        x = self.words(ids) + self.positions(torch.arange(TOKENS)) + self.segments(torch.zeros_like(ids))
        sequence = self.encoder(self.norm(x), src_key_padding_mask=padding)
        transformed = self.transform_norm(F.gelu(self.transform(sequence)))
        return sequence, F.linear(transformed, self.words.weight, self.offset)


def parameters_of(draw):
    """The parameters under the names that the test's spec gives them."""
    norm = lambda name: {f"{name}.scale": draw.positive(["feature"], [FEATURES]),
                         f"{name}.shift": draw(["feature"], [FEATURES], deviation=0.5)}
    named = {"table": draw(["vocabulary", "feature"], [VOCABULARY, FEATURES], deviation=0.5),
             "position": draw(["token", "feature"], [TOKENS, FEATURES], deviation=0.5),
             "segment": draw(["feature"], [FEATURES], deviation=0.5),
             **norm("encoder.initial.cls+tokens")}
    for layer in range(LAYERS):
        named.update({f"encoder.{layer}.attention.{key}": value for key, value in attention_parameters(draw, bias=True).items()})
        named.update(norm(f"encoder.{layer}.attention.after.cls+tokens"))
        named.update({f"encoder.{layer}.mlp.w_in": draw(["feature", "hidden"], [FEATURES, HIDDEN], deviation=0.4),
                      f"encoder.{layer}.mlp.b_in": draw(["hidden"], [HIDDEN], deviation=0.2),
                      f"encoder.{layer}.mlp.w_out": draw(["hidden", "out"], [HIDDEN, FEATURES], deviation=0.3),
                      f"encoder.{layer}.mlp.b_out": draw(["out"], [FEATURES], deviation=0.2)})
        named.update(norm(f"encoder.{layer}.mlp.after.cls+tokens"))
    return {**named,
            "transform.weight": draw(["feature", "out"], [FEATURES, FEATURES], deviation=0.4),
            "transform.bias": draw(["feature"], [FEATURES], deviation=0.2),
            **norm("transformed"),
            "offset": draw(["vocabulary"], [VOCABULARY], deviation=0.2)}


def to_torch(named):
    """The same tensors under the names and in the layouts of the module."""
    norm = lambda to, name: {f"{to}.weight": named[f"{name}.scale"], f"{to}.bias": named[f"{name}.shift"]}
    packed = {"words.weight": named["table"], "positions.weight": named["position"], "segments.weight": named["segment"][None],
              **norm("norm", "encoder.initial.cls+tokens"),
              "transform.weight": named["transform.weight"].T, "transform.bias": named["transform.bias"],
              **norm("transform_norm", "transformed"), "offset": named["offset"]}
    for layer in range(LAYERS):
        to, name = f"encoder.layers.{layer}", f"encoder.{layer}"
        prefix = f"{name}.attention."
        attention = {key[len(prefix):]: value for key, value in named.items() if key.startswith(prefix) and "after" not in key}
        packed.update({f"{to}.self_attn.{key}": value for key, value in attention_to_torch(attention).items()})
        packed.update({f"{to}.linear1.weight": named[f"{name}.mlp.w_in"].T, f"{to}.linear1.bias": named[f"{name}.mlp.b_in"],
                       f"{to}.linear2.weight": named[f"{name}.mlp.w_out"].T, f"{to}.linear2.bias": named[f"{name}.mlp.b_out"]})
        for sublayer, role in ROLES.items():
            packed.update(norm(f"{to}.{role}", f"{name}.{sublayer}.after.cls+tokens"))
    return packed


def write(made):
    (Path(__file__).parent / f"{made['name']}.json").write_text(render(made) + "\n", encoding="utf-8")


def masked_language_model():
    draw = Draw("bert")
    model = MaskedLanguageModel().double()
    parameters = parameters_of(draw)
    integers = lambda top: torch.tensor([[draw.random.randrange(top) for _ in range(TOKENS)] for _ in LENGTHS])
    ids, labels, chosen = integers(VOCABULARY), integers(VOCABULARY), integers(2)
    lengths = torch.tensor(LENGTHS)
    padding = torch.arange(TOKENS)[None] >= lengths[:, None]
    counted = (chosen == 1) & ~padding
    assert 3 <= counted.sum() < (~padding).sum()

    leaves = {key: leaf(value) for key, value in parameters.items()}
    packed = to_torch(leaves)
    assert set(packed) == {key for key, _ in model.named_parameters()}, "a parameter is not given"
    sequence, logits = torch.func.functional_call(model, packed, (ids, padding))
    loss = F.cross_entropy(logits[counted], labels[counted])
    gradients = dict(zip(leaves, torch.autograd.grad(loss, list(leaves.values()))))

    axes = ["batch", "token"]
    hidden = lambda tensor: tensor.masked_fill(padding[..., None], 0.0)
    write(fixture(
        "bert", "a masked language model as BERT's: normalised embeddings, two post-norm layers, the head with the table of the "
        "words; what stands at padding is written as 0. Gradients are of the loss",
        "nn.Embedding, nn.TransformerEncoder, nn.LayerNorm, nn.Linear, F.gelu, F.cross_entropy", tolerance=EXACT,
        settings={"heads": HEADS, "layers": LAYERS, "hidden": HIDDEN, "vocabulary": VOCABULARY, "eps": EPS},
        inputs={"x": Named(axes, ids), "lengths": Named(["batch"], lengths), "labels": Named(axes, labels), "chosen": Named(axes, chosen)},
        parameters=parameters,
        outputs={"sequence": Named([*axes, "feature"], hidden(sequence)), "logits": Named([*axes, "class"], hidden(logits)),
                 "loss": Named([], loss)},
        gradients={key: Named(parameters[key].axes, value) for key, value in gradients.items()}))


def contrastive_loss():
    """The two lines of SimCSE's released code: cosines divided by the temperature, and cross-entropy with the diagonal."""
    draw, temperature = Draw("simcse"), 0.05
    axes = ["batch", "feature"]
    inputs = {key: draw(axes, [5, FEATURES]) for key in ("x", "y")}
    # Views of the same sentence are alike.
    inputs["y"].tensor += inputs["x"].tensor
    leaves = {key: leaf(value) for key, value in inputs.items()}
    cosines = F.cosine_similarity(leaves["x"][:, None], leaves["y"][None], dim=-1)
    loss = F.cross_entropy(cosines / temperature, torch.arange(5))
    gradients = dict(zip(leaves, torch.autograd.grad(loss, list(leaves.values()))))
    found = (cosines.argmax(1) == torch.arange(5)).double().mean()
    assert 0 < found < 1 and loss > 0.01
    write(fixture("simcse", "the contrastive loss of two views, and the share of x whose nearest y is its own", "F.cosine_similarity, F.cross_entropy",
                  settings={"temperature": temperature}, inputs=inputs, outputs={"loss": Named([], loss), "found": Named([], found)},
                  gradients={key: Named(axes, value) for key, value in gradients.items()}))


def main():
    if torch.__version__.split("+")[0] != TORCH_VERSION:
        sys.exit(f"these fixtures are made with torch {TORCH_VERSION}, this is torch {torch.__version__}")
    torch.set_num_threads(1)
    masked_language_model()
    contrastive_loss()


if __name__ == "__main__":
    main()
