#!/usr/bin/env bash
# Checks `norm ablate --on slurm` against a real Slurm: one node on this machine, from Debian's packages, which are unpacked and not
# installed; nothing of it stays, and no root is needed. Sweeps are killed, interrupted, requeued and cancelled, and must come to
# the bits that `norm ablate` gives here. Needs a built package (`npm run build`). Says `SKIPPED: …` where Slurm cannot be had.
set -euo pipefail
cd "$(dirname "$0")/.."
norm="$PWD/bin/norm.js"

work=$(mktemp -d)
# munged wants its socket in a folder that everyone may pass through.
chmod 711 "$work"
daemons=()
ablation=
finish() {
  if [ -n "$ablation" ]; then kill "$ablation" 2>/dev/null || true; fi
  if [ ${#daemons[@]} -gt 0 ]; then
    for job in $(squeue --noheader --format=%A 2>/dev/null | sort -u); do scancel --full --signal=KILL "$job" 2>/dev/null || true; scancel "$job" 2>/dev/null || true; done
    for _ in $(seq 50); do [ -n "$(squeue --noheader 2>/dev/null)" ] || break; sleep 0.2; done
    # The newest first: munged answers the others to the end.
    for ((i = ${#daemons[@]} - 1; i >= 0; i--)); do kill "${daemons[$i]}" 2>/dev/null || true; wait "${daemons[$i]}" 2>/dev/null || true; done
  fi
  rm -rf "$work"
}
trap finish EXIT
trap 'exit 130' INT TERM

say() { echo "[$(printf '%3d' $SECONDS) s] $*"; }
skip() {
  echo "SKIPPED: the check of job arrays on Slurm, because $1"
  exit 0
}
fail() {
  echo "FAILED: $1"
  for log in "$work"/{here,slurmctld,slurmd,slurm-*}.log "$work"/on*/slurm/*.log; do [ ! -s "$log" ] || { echo "--- ${log#"$work"/}"; tail -25 "$log"; }; done
  squeue --states=all --array 2>/dev/null || true
  exit 1
}
# Waits until a command succeeds, which is described by the first argument.
await() {
  local end=$((SECONDS + 90))
  until "${@:2}" >/dev/null 2>&1; do
    [ $SECONDS -lt $end ] || fail "waited in vain for: $1"
    sleep 0.1
  done
}

# Slurm, munge and the libraries that they need.
user=$(id -un 2>/dev/null) || skip "this user has no name"
command -v apt-get >/dev/null && command -v dpkg-deb >/dev/null || skip "there is no apt-get"
mkdir -p "$work"/{archives/partial,lists/partial,root}
download() {
  apt-get "$@" install --download-only --reinstall --no-install-recommends --yes -o Debug::NoLocking=1 -o Dir::Cache::archives="$work/archives" \
    munge slurm-client slurmctld slurmd slurm-wlm-basic-plugins
}
lists=(-o Debug::NoLocking=1 -o Dir::State::lists="$work/lists" -o Dir::Cache="$work/archives")
download >"$work/apt.log" 2>&1 || { apt-get "${lists[@]}" update && download "${lists[@]}"; } >"$work/apt.log" 2>&1 ||
  skip "apt-get gives no slurmd, slurmctld, slurm-client and munge: $(grep '^E:' "$work/apt.log" | head -1)"
for archive in "$work"/archives/*.deb; do dpkg-deb --extract "$archive" "$work/root"; done
plugins=$(dirname "$(find "$work/root" -name auth_munge.so | head -1)")
export LD_LIBRARY_PATH="$plugins:$(dirname "$plugins")" PATH="$work/root/usr/bin:$PATH" SLURM_CONF="$work/slurm.conf"
binary() { find "$work/root/usr/sbin" -name "$1" -o -name "$1-wlm" | head -1; }

# A cluster of this one machine, which claims to have two processors.
host=$(hostname -s)
ports=($(node -e '
  const servers = [0, 1].map(() => require("net").createServer().listen(0, "127.0.0.1", function () { console.log(this.address().port); }));
  setTimeout(() => servers.forEach((server) => server.close()), 100);'))
mkdir -p "$work"/{state,spool}
(umask 077 && head -c 1024 /dev/urandom >"$work/munge.key")
cat >"$SLURM_CONF" <<CONF
ClusterName=check
SlurmctldHost=$host(127.0.0.1)
SlurmctldPort=${ports[0]}
SlurmdPort=${ports[1]}
SlurmUser=$user
SlurmdUser=$user
AuthType=auth/munge
# A task that is requeued waits until its credential has expired.
AuthInfo=socket=$work/munge.socket,cred_expire=5
CredType=cred/munge
PluginDir=$plugins
StateSaveLocation=$work/state
SlurmdSpoolDir=$work/spool
SlurmctldPidFile=$work/slurmctld.pid
SlurmdPidFile=$work/slurmd.pid
ProctrackType=proctrack/pgid
TaskPlugin=task/none
SelectType=select/cons_tres
SelectTypeParameters=CR_CPU
SchedulerParameters=sched_interval=1
SwitchType=switch/none
MpiDefault=none
ReturnToService=2
MailProg=/bin/true
NodeName=$host NodeAddr=127.0.0.1 CPUs=2
PartitionName=main Nodes=$host Default=YES State=UP
CONF
"$(binary munged)" --foreground --socket="$work/munge.socket" --key-file="$work/munge.key" --pid-file="$work/munged.pid" --seed-file="$work/munge.seed" >"$work/munged.log" 2>&1 &
daemons+=($!)
await "the socket of munged" test -S "$work/munge.socket"
"$(binary slurmctld)" -D -c >"$work/slurmctld.log" 2>&1 &
daemons+=($!)
"$(binary slurmd)" -D -N "$host" -d "$(binary slurmstepd)" >"$work/slurmd.log" 2>&1 &
daemons+=($!)
is_idle() { [ "$(sinfo --noheader --format=%t)" = idle ]; }
await "an idle node" is_idle
say "$(sinfo --version) is up, with one node"

# An ablation of eight cells: four that last some seconds, two that come to NaN, and two that cannot be compiled.
awk 'BEGIN {
  srand(1); for (i = 0; i < 32; i++) printf "words_%d,", i; print "label";
  for (row = 0; row < 320; row++) { sum = 0; for (i = 0; i < 32; i++) { x = rand() - 0.5; sum += x; printf "%.4f,", x }; print (sum > 0) }
}' >"$work/table.csv"
cat >"$work/study.norm" <<'SPEC'
use std.layers { attention, linear, mlp }
use std.norms { batch, layer, rms }
use std.placements { pre }

stack encoder(dim, heads) {
  groups { cls, tokens }
  normalize {
    cls: batch
    tokens: layer
  }
  normalize at final { cls: layer }
  place pre

  attention(heads)
  mlp(hidden: 2 * dim)
  normalize
}

model classifier(dim = 16) {
  input words[token: 4, feature: 8]
  input label in 2

  encoded = encoder(cls: learned(1), tokens: linear(words, dim), dim, 2)
  logits = linear(encoded.cls, 2)
  loss cross_entropy(logits, label)
  report accuracy(logits, label)
}

train small of classifier {
  data csv("table.csv")
  optimizer adamw(decay: 0.05)
  schedule constant(1e-3)
  batch 32
  epochs 200
}

ablation study of small {
  vary encoder.normalize.tokens in { layer, rms }
  vary schedule in { constant(1e-3), constant(1e38) }
  vary batch in { 32, 1 }
  exclude encoder.normalize.tokens = rms, schedule = constant(1e38)
  exclude encoder.normalize.tokens = rms, batch = 1
  exclude schedule = constant(1e38), batch = 1
  seeds 2
}
SPEC
hashes() { (cd "$1/cells" && find . -name weights.safetensors -exec sha256sum {} + | sort -k 2); }
status_of() { grep -o '"status": "[a-z]*"' "$1/cell.json" | cut -d'"' -f4; }
count() { for cell in "$1"/cells/*/; do [ ! -e "$cell/cell.json" ] || status_of "$cell"; done | grep -c "$2" || true; }

here="$work/here"
code=0; node "$norm" ablate "$work/study.norm" --target wasm --out "$here" --jobs 2 >"$work/here.log" 2>&1 || code=$?
[ "$code" = 1 ] && [ "$(count "$here" finished)" = 4 ] && [ "$(count "$here" failed)" = 4 ] || fail "norm ablate here, with code $code"
say "here: 4 cells are finished, and 4 failed as they should"

# On the cluster, from a folder with an odd name.
out="$work/on Slurm, it's \$HOME"
runs=0
log=
start() {
  runs=$((runs + 1))
  log="$work/slurm-$runs.log"
  node "$norm" ablate "$work/study.norm" --target wasm --on slurm --out "$out" >"$log" 2>&1 &
  ablation=$!
}
ended() {
  local code=0
  wait "$ablation" 2>/dev/null || code=$?
  ablation=
  [ $code = "$1" ] || fail "run $runs ended with code $code instead of $1"
}
says() { grep -q -- "$1" "$log"; }
expect() { says "$1" || fail "run $runs does not say: $1"; }
# The tasks' cells in order; the second and the fifth come to NaN.
cell() {
  local seed=$((($1 - 1) / 3))
  case $1 in 1 | 4) echo "batch-32.schedule-constant-1e-3.tokens-layer.seed-$seed" ;; 3 | 6) echo "batch-32.schedule-constant-1e-3.tokens-rms.seed-$seed" ;; esac
}
saved() { await "a checkpoint of task $1" test -e "$out/cells/$(cell "$1")/small/checkpoint.safetensors"; }

# The command is killed while it waits; one task is made to run again, and one is cancelled. Others are held until they are looked at.
start
await "the first job" says "Slurm's job 1 is submitted with 6 cells"
scontrol hold 1_4,1_6
saved 1
kill -KILL "$ablation"
ended 137
scontrol requeue 1_1
saved 3
scancel 1_3
say "the command is killed, its task 1 requeued and its task 3 cancelled"

# The command again: it goes on with what is there. Then the process of a task is killed, and the command interrupted.
start
await "what the second run finds" says "Slurm's job [0-9]* is submitted with 1 cell"
expect "$(cell 3): unfinished: it was cancelled"
expect "Slurm's job 1 has "
scontrol release 1_4
saved 4
kill -KILL "$(grep -o '"process":[0-9]*' "$out/cells/$(cell 4)/lock" | cut -d: -f2)"
await "the end of task 4" says "$(cell 4): failed: Slurm's task 1_4 was ended by signal 9"
scontrol release 1_6
saved 6
kill -INT "$ablation"
ended 130
expect "the same command collects them"
[ -n "$(squeue --noheader)" ] || fail "no task is left after Ctrl-C"
scancel --batch --signal=INT 1_6
say "the same command took its tasks over; a process of a task was killed and recorded; after Ctrl-C tasks go on"

# The command to the end, and once more for the cell that was recorded as failed.
start
ended 1
expect "$(cell 6): unfinished: it was stopped, with a checkpoint"
expect "Slurm's job [0-9]* is submitted with 1 cell"
expect "^\[8/8\]"
rm "$out/cells/$(cell 4)/cell.json"
start
ended 1
expect "Slurm's job [0-9]* is submitted with 1 cell"
expect "Ablation study"
[ -z "$(squeue --noheader)" ] && [ ! -e "$out/slurm/job.json" ] || fail "tasks are left"
[ "$(count "$out" finished)" = 4 ] && [ "$(count "$out" failed)" = 4 ] || fail "not every cell has the outcome that it has here"
for task in 1 3 4 6; do grep -q "^Resuming after step" "$out/cells/$(cell $task)/log.txt" || fail "task $task did not go on from its checkpoint"; done
say "on Slurm: 4 cells are finished, each after a stop, and 4 failed as they should"

diff <(hashes "$here") <(hashes "$out") >"$work/weights.log" || fail "weights differ"
[ "$(hashes "$out" | wc -l)" = 4 ] || fail "weights are missing"
say "their weights are those of the same ablation here, bit for bit"
