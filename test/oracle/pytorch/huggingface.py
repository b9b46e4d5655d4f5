"""Writes fixtures/huggingface/*: small models of Hugging Face with random weights, and what they compute for given inputs.

    pip install torch transformers safetensors
    python test/oracle/pytorch/huggingface.py

The weights are those that `save_pretrained` writes, under the names that published models have. Outputs are computed in float64
from the float32 weights. Versions are written into the fixtures.
"""

import json
import pathlib
import re
import tempfile

import safetensors.torch
import torch
import transformers
from transformers import BertConfig, BertModel, ViTConfig, ViTModel

FOLDER = pathlib.Path(__file__).parent.parent / "fixtures" / "huggingface"


def tensor(values, axes):
    return {"axes": axes, "shape": list(values.shape), "data": values.flatten().tolist()}


def randomise(model, seed):
    """Every parameter gets random values, so that none of them can be mistaken for another."""
    generator = torch.Generator().manual_seed(seed)
    with torch.no_grad():
        for name, parameter in model.named_parameters():
            centre = 1.0 if "norm" in name.lower() and name.endswith("weight") else 0.0
            parameter.copy_(centre + 0.2 * torch.randn(parameter.shape, generator=generator))
    model.eval()


def write_weights(weights, name):
    path = FOLDER / f"{name}.safetensors"
    safetensors.torch.save_file(weights, path)
    path.chmod(0o644)


def save(model, name):
    with tempfile.TemporaryDirectory() as folder:
        model.save_pretrained(folder)
        weights = safetensors.torch.load_file(f"{folder}/model.safetensors")
    weights = {key: value.float().contiguous() for key, value in weights.items()}
    write_weights(weights, name)
    return weights


def write(name, description, settings, inputs, outputs):
    source = f"torch {torch.__version__.split('+')[0]}, transformers {transformers.__version__}"
    content = {"name": name, "description": description, "source": source, "settings": settings, "inputs": inputs, "outputs": outputs}
    (FOLDER / f"{name}.json").write_text(json.dumps(content, separators=(",", ":")) + "\n")


# timm's names of the parts of a block, and of what stands around the blocks. MAE's released weights have them too.
TIMM = {
    "attention.output.dense": "attn.proj", "intermediate.dense": "mlp.fc1", "output.dense": "mlp.fc2",
    "layernorm_before": "norm1", "layernorm_after": "norm2", "layernorm": "norm",
    "embeddings.cls_token": "cls_token", "embeddings.position_embeddings": "pos_embed", "embeddings.patch_embeddings.projection": "patch_embed.proj",
}


def as_timm(weights):
    """The same weights as timm has them: one matrix for query, key and value, and no pooler."""
    renamed = {}
    for name, value in weights.items():
        if name.startswith("pooler") or ".attention.attention." in name:
            continue
        block = re.match(r"encoder\.layer\.(\d+)\.(.*)\.(weight|bias)", name)
        end = name if block else re.sub(r"\.(weight|bias)$", "", name)
        renamed[f"blocks.{block[1]}.{TIMM[block[2]]}.{block[3]}" if block else name.replace(end, TIMM[end])] = value
    for layer in range(2):
        for kind in ("weight", "bias"):
            parts = [weights[f"encoder.layer.{layer}.attention.attention.{part}.{kind}"] for part in ("query", "key", "value")]
            renamed[f"blocks.{layer}.attn.qkv.{kind}"] = torch.cat(parts)
    return renamed


def vit():
    settings = dict(dim=24, depth=2, heads=3, side=12, patch=4, channels=3, hidden=40)
    config = ViTConfig(hidden_size=24, num_hidden_layers=2, num_attention_heads=3, intermediate_size=40, image_size=12, patch_size=4, num_channels=3)
    model = ViTModel(config)
    randomise(model, 1)
    weights = save(model, "vit")
    write_weights(as_timm(weights), "vit-timm")
    generator = torch.Generator().manual_seed(2)
    image = torch.rand((2, 3, 12, 12), generator=generator).round(decimals=4)
    with torch.no_grad():
        hidden = model.double()(image.double()).last_hidden_state
    write("vit", "ViTModel: the last hidden states of two images", settings, {"image": tensor(image, ["batch", "channel", "row", "column"])}, {"hidden": tensor(hidden, ["batch", "token", "feature"])})


def bert():
    settings = dict(dim=24, depth=2, heads=3, vocabulary=30, positions=12, hidden=40)
    config = BertConfig(vocab_size=30, hidden_size=24, num_hidden_layers=2, num_attention_heads=3, intermediate_size=40, max_position_embeddings=12)
    model = BertModel(config)
    randomise(model, 3)
    save(model, "bert")
    generator = torch.Generator().manual_seed(4)
    words = torch.randint(0, 30, (2, 8), generator=generator)
    types = torch.tensor([[0, 0, 0, 1, 1, 1, 1, 1], [0, 0, 1, 1, 1, 0, 0, 0]])
    length = torch.tensor([8, 5])
    mask = (torch.arange(8)[None, :] < length[:, None]).long()
    with torch.no_grad():
        found = model.double()(input_ids=words, token_type_ids=types, attention_mask=mask)
    hidden = found.last_hidden_state * mask[:, :, None]
    inputs = {"words": tensor(words, ["batch", "token"]), "types": tensor(types, ["batch", "token"]), "length": tensor(length, ["batch"])}
    outputs = {"hidden": tensor(hidden, ["batch", "token", "feature"]), "pooled": tensor(found.pooler_output, ["batch", "feature"])}
    write("bert", "BertModel: the last hidden states of two sentences, the second padded (0 there), and the pooled ones", settings, inputs, outputs)


if __name__ == "__main__":
    FOLDER.mkdir(parents=True, exist_ok=True)
    vit()
    bert()
