"""What a run's metrics.jsonl says, as its logs name it."""

import json
import pathlib


def recorded(folder):
    """Lists of (step, value) by name, in order. A value that was not finite is None."""
    series = {}

    def add(name, step, value):
        series.setdefault(name, []).append((step, value))

    for text in pathlib.Path(folder, "metrics.jsonl").read_text().splitlines():
        line = json.loads(text)
        step = line["step"]
        if "held_out" in line:
            values = {f"held_out/{name}": value for name, value in line["held_out"].items()}
        elif "measures" in line:
            values = {}
            for name, value in line["measures"].items():
                if isinstance(value, list):
                    width = len(str(len(value)))
                    values |= {f"{name}/{i + 1:0{width}}": element for i, element in enumerate(value)}
                else:
                    values[f"measures/{name}"] = value
        else:
            values = {f"train/{name}": value for name, value in line.items() if name not in ("step", "epoch", "seconds")}
        for name, value in values.items():
            add(name, step, value)
    return series
