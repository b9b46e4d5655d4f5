/**
 * How long a keystroke takes in the language server: `node --max-semi-space-size=64 bench/editor.mjs [lines]`, 500 lines when left out;
 * that much young memory the server gives its threads as well. Medians and 95th percentiles in milliseconds, of the work by the text
 * alone in this process (time of the processor), and of whole requests to `norm lsp`.
 */

import { spawn } from "node:child_process";
import { cpus } from "node:os";
import { fileURLToPath } from "node:url";
import { CompletionRequest, DidChangeTextDocumentNotification, DidOpenTextDocumentNotification, HoverRequest, InitializeRequest, InitializedNotification, InlayHintRequest, PublishDiagnosticsNotification, StreamMessageReader, StreamMessageWriter, createProtocolConnection } from "vscode-languageserver-protocol/node";
import { completions } from "../dist/editor/completion.js";
import { editorHost } from "../dist/editor/files.js";
import { Spec } from "../dist/editor/spec.js";
import { documentSymbols, foldingRanges } from "../dist/editor/symbols.js";

/** One study in about 50 lines: a norm, a layer, a stack, a model, recipes. */
const study = (i) => `
/// Features centred on each token's mean, and divided by the mean absolute deviation.
norm robust_${i}(x, floor = 1e-3) {
  param scale[feature] = 1
  param shift[feature] = 0

  centred = x - mean(x over feature)
  return centred / (mean(abs(centred) over feature) + floor) * scale + shift
}

layer gated_${i}(x, hidden, limit = 1) {
  d = size(feature)
  gate = linear(x, hidden)
  wide = linear(gelu(linear(x, hidden)), hidden)
  return linear(min(max(gate, -limit), limit) * wide, out: d)
}

/// An encoder that normalises its class token and its patch tokens apart.
stack encoder_${i}(dim, depth, heads) {
  groups { cls, tokens }
  normalize {
    cls: batch
    tokens: robust_${i}(floor: 1e-2)
  }
  normalize at first { cls: layer(eps: 1e-6) }
  place pre

  repeat depth {
    attention(heads)
    gated_${i}(hidden: 4 * dim) placed sandwich
  }
  normalize
}

model classifier_${i}(dim = 32, depth = 4, heads = 4, classes = 10) {
  input image[row: 28, column: 28, channel: 1]
  input label in classes

  patches = linear(patchify(image, patch: 7), dim)
  encoded = encoder_${i}(cls: learned(1), tokens: patches, dim, depth, heads)
  logits = linear(encoded.cls, classes)
  loss cross_entropy(logits, label)
  report accuracy(logits, label)
}

train digits_${i} of classifier_${i} {
  data idx("data/digits")
  optimizer adamw(decay: 0.05)
  optimizer at norm, bias, embedding: adamw(decay: 0)
  schedule cosine(peak: 2e-3, warmup: 5%)
  batch 64
  epochs 8
}
`;

/** A spec of so many lines. */
export function specOf(lines) {
  const head = "use std.norms { batch, layer }\nuse std.placements { pre, sandwich }\nuse std.layers { attention, linear, patchify }\n";
  const each = study(0).split("\n").length - 1;
  return head + Array.from({ length: Math.round((lines - 3) / each) }, (_, i) => study(i)).join("");
}

const lines = Number(process.argv[2] ?? 500);
const text = specOf(lines);
const typed = "\n  spread = sqrt(mean((x - mean(x over feature))^2 over feature) + layer(x, eps: 1e-3))";
const at = text.indexOf("\n  return centred", Math.floor(text.length / 2));
console.log(`${text.split("\n").length} lines, ${text.length} characters; ${cpus().length} cores, Node ${process.version}`);

const times = new Map();
function note(what, from) {
  times.set(what, [...(times.get(what) ?? []), performance.now() - from]);
}
/** In time of the processor, which other programs of the machine do not lengthen. */
function timed(what, action) {
  const before = process.cpuUsage();
  const result = action();
  const { user, system } = process.cpuUsage(before);
  times.set(what, [...(times.get(what) ?? []), (user + system) / 1000]);
  return result;
}
function show() {
  for (const [what, list] of times) {
    const sorted = list.toSorted((a, b) => a - b);
    const quantile = (share) => sorted[Math.min(sorted.length - 1, Math.floor(share * sorted.length))].toFixed(1);
    console.log(`${what.padEnd(58)} median ${quantile(0.5).padStart(6)} ms   95 % ${quantile(0.95).padStart(6)} ms   most ${quantile(1).padStart(6)} ms   n ${sorted.length}`);
  }
  times.clear();
}

const host = editorHost(undefined, new Map());
for (let round = 0; round < 3; round++) {
  if (round === 2) times.clear();
  for (let i = 1; i <= typed.length; i++) {
    const now = text.slice(0, at) + typed.slice(0, i) + text.slice(at);
    const spec = timed("in process: tree, modules and names of one version", () => new Spec("bench.norm", now, host));
    timed("in process: completion", () => completions(spec, at + i));
    timed("in process: what each name means", () => spec.occurrences());
    timed("in process: outline and folding", () => [documentSymbols(spec), foldingRanges(spec)]);
  }
}
show();

const child = spawn(process.execPath, [fileURLToPath(new URL("../bin/norm.js", import.meta.url)), "lsp"], { stdio: ["pipe", "pipe", "inherit"] });
const connection = createProtocolConnection(new StreamMessageReader(child.stdout), new StreamMessageWriter(child.stdin));
const uri = "file:///bench/bench.norm";
let told = () => {};
connection.onNotification(PublishDiagnosticsNotification.type, ({ version }) => told(version));
connection.listen();
await connection.sendRequest(InitializeRequest.type, { processId: process.pid, rootUri: null, capabilities: {}, workspaceFolders: null });
await connection.sendNotification(InitializedNotification.type, {});
let from = performance.now();
const compiled = (version) => new Promise((resolve) => {
  let count = 0;
  told = (of) => void (of === version && ++count === 2 && resolve());
});
const first = compiled(1);
await connection.sendNotification(DidOpenTextDocumentNotification.type, { textDocument: { uri, languageId: "norm", version: 1, text } });
await first;
console.log(`\nto the mistakes of the opened text, all recipes compiled: ${(performance.now() - from).toFixed(0)} ms`);

const lineAt = text.slice(0, at).split("\n").length - 1;
let version = 1;
const pause = (ms) => new Promise((resolve) => setTimeout(resolve, ms));
/** Types the text at a speed, and asks after every keystroke as editors do. */
async function type(what, each) {
  let position = { line: lineAt, character: text.slice(0, at).split("\n").at(-1).length };
  let end;
  for (const character of typed) {
    from = performance.now();
    end = compiled(version + 1);
    await connection.sendNotification(DidChangeTextDocumentNotification.type, { textDocument: { uri, version: ++version }, contentChanges: [{ range: { start: position, end: position }, text: character }] });
    position = character === "\n" ? { line: position.line + 1, character: 0 } : { line: position.line, character: position.character + 1 };
    const completion = connection.sendRequest(CompletionRequest.type, { textDocument: { uri }, position }).then(() => note(`${what}: to the completion`, from));
    const hints = connection.sendRequest(InlayHintRequest.type, { textDocument: { uri }, range: { start: { line: lineAt - 30, character: 0 }, end: { line: lineAt + 30, character: 0 } } });
    const hover = connection.sendRequest(HoverRequest.type, { textDocument: { uri }, position: { line: lineAt, character: 4 } });
    await Promise.all([completion, hints, hover]).then(() => note(`${what}: to the completion, hints and hover`, from));
    await pause(Math.max(0, each - (performance.now() - from)));
  }
  await end;
  console.log(`${what}: from the last answer to all mistakes ${(performance.now() - from).toFixed(0)} ms`);
  const reset = compiled(version + 1);
  await connection.sendNotification(DidChangeTextDocumentNotification.type, { textDocument: { uri, version: ++version }, contentChanges: [{ text }] });
  await reset;
}
await type("warming up", 30);
times.clear();
await type("typing fast (a key in 60 ms)", 60);
// Slower than the pauses, so that the compiler starts after every key and runs beside the answers.
await type("typing slowly (a key in 400 ms)", 400);
show();
child.kill();
connection.dispose();
