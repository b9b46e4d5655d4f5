"""Reads a killed and resumed run's event files with TensorBoard, and asks its server. Usage: check_tensorboard.py RUN GOLDEN"""

import json
import math
import pathlib
import re
import subprocess
import sys
import tempfile
import time
import urllib.parse
import urllib.request

import numpy
from tensorboard.backend.event_processing.event_accumulator import EventAccumulator
from tensorboard.backend.event_processing.event_file_loader import LegacyEventFileLoader

from recorded import recorded

run, golden = map(pathlib.Path, sys.argv[1:])
expected = {
    name: [(step, math.nan if value is None else float(numpy.float32(value))) for step, value in values]
    for name, values in recorded(run).items()
}


def same(found, wanted):
    return len(found) == len(wanted) and all(
        a[0] == b[0] and (a[1] == b[1] or math.isnan(a[1]) and math.isnan(b[1])) for a, b in zip(found, wanted)
    )


def require(condition, message):
    if not condition:
        sys.exit(f"TensorBoard: {message}")


def accumulated(path):
    accumulator = EventAccumulator(str(path), size_guidance={"scalars": 0, "tensors": 0})
    accumulator.Reload()
    return accumulator


# The files: whole events, the version first, then the start of a session; some steps stand in both.
files = sorted(run.glob("events.out.tfevents.*"))
require(len(files) == 2, f"two sessions should have left two files, not {len(files)}")
sessions = [list(LegacyEventFileLoader(str(path)).Load()) for path in files]
for events in sessions:
    require(events[0].file_version == "brain.Event:2", "a file does not begin with its version")
    require(events[1].session_log.status == events[1].session_log.START, "a file does not go on with the start of a session")
losses = [[event.step for event in events for value in event.summary.value if value.tag == "train/loss"] for events in sessions]
again = set(losses[0]) & set(losses[1])
require(len(again) > 1, "no step was done twice: the check checks nothing")

# The library.
accumulator = accumulated(run)
scalars = {tag: [(event.step, event.value) for event in accumulator.Scalars(tag)] for tag in accumulator.Tags()["scalars"]}
require(scalars.keys() == expected.keys(), f"other tags: {scalars.keys() ^ expected.keys()}")
for tag, values in scalars.items():
    require(same(values, expected[tag]), f"{tag} differs from metrics.jsonl")
times = [event.wall_time for event in accumulator.Scalars("train/loss")]
require(times == sorted(times) and time.time() - 600 < times[0] and times[-1] <= time.time(), "wall times are not those of the run")

# The golden file of the tests, whose values the tests know: a scalar, a zero, one that is not a number.
with tempfile.TemporaryDirectory() as folder:
    pathlib.Path(folder, "events.out.tfevents.1700000000.golden").write_bytes(bytes.fromhex(golden.read_text()))
    read = accumulated(folder)
    require(set(read.Tags()["scalars"]) == {"train/loss", "train/rate", "train/examples_per_second", "held_out/accuracy"}, "the golden file's tags are others")
    require([(e.step, e.value, e.wall_time) for e in read.Scalars("train/loss")] == [(1, 2.5, 1700000000.25), (2, 0.0, 1700000000.25)], "the golden file's loss is another")
    require(math.isnan(read.Scalars("held_out/accuracy")[0].value), "the golden file's accuracy is a number")


# The server: with its own loader of data, and with the one in Python.
def ask(address, path, body=None, **query):
    url = f"{address}data/plugin/{path}?{urllib.parse.urlencode(query)}"
    with urllib.request.urlopen(urllib.request.Request(url, data=body and json.dumps(body).encode(), headers={"content-type": "application/json"}), timeout=30) as answer:
        return json.load(answer)


def check_server(*options):
    command = [str(pathlib.Path(sys.executable).with_name("tensorboard")), "--logdir", str(run.parent), "--host", "127.0.0.1", "--port", "0", "--samples_per_plugin", "scalars=1000000", *options]
    server = subprocess.Popen(command, stderr=subprocess.PIPE, stdout=subprocess.DEVNULL, text=True)
    try:
        address = next((found[0] for line in server.stderr if (found := re.search(r"http://\S+/", line))), None)
        require(address is not None, "the server does not start")
        # It reads the files while it answers.
        for _ in range(300):
            tags = ask(address, "scalars/tags").get(run.name, {})
            last = ask(address, "scalars/scalars", run=run.name, tag="held_out/accuracy") if "held_out/accuracy" in tags else []
            if last and last[-1][1] == expected["held_out/accuracy"][-1][0]:
                break
            time.sleep(0.1)
        require(tags.keys() == expected.keys(), f"the server has other tags: {tags.keys() ^ expected.keys()}")
        for tag in ["train/loss", "train/rate", "held_out/accuracy", "measures/uniformity(encoded.cls)", "spectrum(encoded.cls)/01"]:
            served = [(step, float("nan") if value == "NaN" else value) for _, step, value in ask(address, "scalars/scalars", run=run.name, tag=tag)]
            require(same(served, expected[tag]), f"the server's {tag} differs from metrics.jsonl")
        text = ask(address, "text/text", run=run.name, tag="recipe")
        require(len(text) == 1 and "adamw(decay: 0.05)" in text[0]["text"], "the server does not show the recipe")
        hparams = ask(address, "hparams/experiment", {"experimentName": ""})
        names = {info["name"] for info in hparams["hparamInfos"]}
        require({"seed", "batch", "optimizer", "optimizer at norm, bias, embedding", "schedule", "device"} <= names, f"the hyperparameters are {names}")
        metrics = [{"name": {"group": "", "tag": "held_out/accuracy"}}]
        request = {"experimentName": "", "allowedStatuses": ["STATUS_UNKNOWN", "STATUS_SUCCESS", "STATUS_FAILURE", "STATUS_RUNNING"], "colParams": [{"metric": metric["name"], "includeInResult": True} for metric in metrics] + [{"hparam": "seed", "includeInResult": True}], "startIndex": 0, "sliceSize": 10}
        groups = ask(address, "hparams/session_groups", request)["sessionGroups"]
        require(len(groups) == 1 and groups[0]["hparams"]["seed"] == 7, f"the row of hyperparameters is another: {groups}")
        session = groups[0]["sessions"][0]
        require(session["status"] == "STATUS_SUCCESS", f"the run's status is {session['status']}")
        values = {metric["name"]["tag"]: metric["value"] for metric in session["metricValues"]}
        require(values["held_out/accuracy"] == expected["held_out/accuracy"][-1][1], "the row's accuracy is another")
    finally:
        server.terminate()
        server.wait()


check_server()
check_server("--load_fast=false")
print(f"  {len(scalars)} tags, {sum(map(len, scalars.values()))} values; {len(again)} steps that were done twice show once; text and hyperparameters are served")
