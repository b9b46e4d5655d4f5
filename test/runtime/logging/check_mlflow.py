"""Reads a killed and resumed run back with MLflow's own client. Usage: check_mlflow.py RUN ADDRESS"""

import json
import pathlib
import re
import sys

from mlflow import MlflowClient

from recorded import recorded

run, address = pathlib.Path(sys.argv[1]), sys.argv[2]


def require(condition, message):
    if not condition:
        sys.exit(f"MLflow: {message}")


def name_there(name):
    return re.sub(r"[()]", "_", name).replace("_/", "/").rstrip("_")


client = MlflowClient(address)
experiment = client.get_experiment_by_name("logged")
runs = client.search_runs([experiment.experiment_id])
require(len(runs) == 1, f"a run that was resumed is one run, not {len(runs)}")
note = json.loads((run / "mlflow.json").read_text())
require(runs[0].info.run_id == note["run_id"], "mlflow.json names another run")
there = client.get_run(note["run_id"])
require(there.info.status == "FINISHED" and there.info.run_name == run.name, f"it is {there.info.status} and called {there.info.run_name}")

parameters = there.data.params
wanted = {"spec": "logged.norm", "recipe": "logged", "seed": "7", "batch": "64", "target": "wasm", "optimizer": "adamw(decay: 0.05)", "optimizer at norm_bias_embedding": "adamw(decay: 0)"}
require(wanted.items() <= parameters.items(), f"its parameters are {parameters}")
require(int(parameters["parameters"]) > 0 and int(parameters["flops_per_step"]) > 0, "the cost is not among the parameters")

expected = {name_there(name): values for name, values in recorded(run).items()}
require(there.data.metrics.keys() == expected.keys(), f"other metrics: {there.data.metrics.keys() ^ expected.keys()}")
count = 0
for name, values in expected.items():
    history = [(metric.step, metric.value) for metric in client.get_metric_history(note["run_id"], name)]
    count += len(history)
    if name == "train/examples_per_second":
        # Steps that were done twice took another time; the first stands there.
        require([step for step, _ in history] == [step for step, _ in values], "the steps of the speed are others")
        continue
    same = len(history) == len(values) and all(a[0] == b[0] and (a[1] == b[1] or b[1] is None and a[1] != a[1]) for a, b in zip(history, values))
    require(same, f"{name} differs from metrics.jsonl: {len(history)} values, {len(values)} there")
print(f"  {len(expected)} metrics, {count} values, {len(parameters)} parameters, status {there.info.status}")
