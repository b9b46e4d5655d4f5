#!/usr/bin/env bash
# Checks what a run logs against the real tools: a training is killed and resumed, and TensorBoard and MLflow, from PyPI, must give
# back what `metrics.jsonl` says. Needs a built package (`npm run build`) and the digits. The tools stay in a cache; the rest is
# taken away. Says `SKIPPED: …` where Python or PyPI cannot be had.
set -euo pipefail
cd "$(dirname "$0")/.."

tests=test/runtime/logging
work=$(mktemp -d)
server=
finish() {
  if [ -n "$server" ]; then kill -- "-$server" 2>/dev/null || true; fi
  rm -rf "$work"
}
trap finish EXIT

say() { echo "[$(printf '%3d' $SECONDS) s] $*"; }
skip() {
  echo "SKIPPED: the check of event files and of the log on MLflow, because $1"
  exit 0
}

python=$(command -v python3) || skip "there is no python3"
"$python" -c 'import sys; sys.exit(sys.version_info < (3, 11))' || skip "python3 is older than 3.11"

# The tools, once for each list of versions.
sum=$({ "$python" --version; cat "$tests/requirements.txt"; } | cksum | cut -d' ' -f1)
tools="${XDG_CACHE_HOME:-$HOME/.cache}/normlang/loggers-$sum"
if [ ! -e "$tools/complete" ]; then
  rm -rf "$tools"
  mkdir -p "$(dirname "$tools")"
  "$python" -m venv "$tools" 2>"$work/log" || skip "python3 makes no virtual environment: $(tail -1 "$work/log")"
  # uv installs the same packages in a fifth of pip's time.
  { "$tools/bin/python" -m pip install --quiet --disable-pip-version-check uv==0.13.9 &&
    "$tools/bin/uv" pip install --quiet --python "$tools/bin/python" -r "$tests/requirements.txt"; } 2>"$work/log" ||
    skip "PyPI gives no tensorboard and mlflow: $(tail -1 "$work/log")"
  touch "$tools/complete"
fi
say "the tools are there"

# An MLflow server of its own.
port=$("$tools/bin/python" -c 'import socket; s = socket.socket(); s.bind(("127.0.0.1", 0)); print(s.getsockname()[1])')
mlflow="http://127.0.0.1:$port"
export MLFLOW_DISABLE_TELEMETRY=true MLFLOW_SERVER_ENABLE_JOB_EXECUTION=false
set -m
(cd "$work" && exec "$tools/bin/mlflow" server --backend-store-uri "sqlite:///$work/mlflow.db" --host 127.0.0.1 --port "$port" --workers 1) >"$work/server.log" 2>&1 &
server=$!
set +m
until (exec 3<>"/dev/tcp/127.0.0.1/$port") 2>/dev/null; do
  kill -0 "$server" 2>/dev/null || { cat "$work/server.log"; exit 1; }
  sleep 0.2
done
say "the MLflow server is up"

# A training that is killed between a checkpoint and the next, once events from after the checkpoint are written.
run="$work/runs/logged"
train() { exec node bin/norm.js train "$tests/logged.norm" --target wasm --data examples --out "$run" --tensorboard --mlflow "$mlflow" "$@" >>"$work/train.log" 2>&1; }
train &
training=$!
until [ -e "$run/checkpoint.safetensors" ] && [ "$(echo "$run"/events.out.tfevents.*)" -nt "$run/checkpoint.safetensors" ]; do
  kill -0 "$training" 2>/dev/null || { cat "$work/train.log"; echo "the training ended before it could be killed"; exit 1; }
  sleep 0.05
done
kill -KILL "$training"
wait "$training" 2>/dev/null || true
say "a training is killed after step $(tail -1 "$run/metrics.jsonl" | grep -o '"step":[0-9]*' | cut -d: -f2)"
(train --resume) || { cat "$work/train.log"; exit 1; }
if grep -E '^(TensorBoard|MLflow): ' "$work/train.log"; then exit 1; fi
say "it is resumed and finished"

"$tools/bin/python" "$tests/check_tensorboard.py" "$run" "$tests/golden.tfevents.hex"
say "TensorBoard reads what metrics.jsonl says"
"$tools/bin/python" "$tests/check_mlflow.py" "$run" "$mlflow"
say "MLflow reads what metrics.jsonl says"
