/**
 * Fuses parts. A part that reads what another one computes for the same row takes that computation in: statistics, normalisation
 * and residual become one pass by rows, a product takes the maps that follow it. Then parts that do the same loop side by side
 * become one. Fusing is rewriting: a load is replaced by the scalar that was stored there.
 */

import { type Coordinate, type Variable, at, constant, plainVariable, plus, range, rebuild } from "./coordinate.js";
import type { Device } from "./device.js";
import { PartGraph } from "./graph.js";
import { type Part, type Store, hasFolds, touchedBy } from "./part.js";
import { size } from "./product.js";
import { type Load, type Scalar, type Scalars, loadsOf, reachable } from "./scalar.js";
import type { Tensor } from "./tensor.js";

/** Fuses what can be fused. The order of the result keeps every tensor written before it is read. */
export function fuse(parts: readonly Part[], scalars: Scalars, device: Device): readonly Part[] {
  const graph = new PartGraph(parts);
  for (const part of parts) if (graph.has(part)) fuseProducers(graph, part, scalars, device);
  fuseSiblings(graph, scalars, device);
  return graph.ordered();
}

function fuseProducers(graph: PartGraph, start: Part, scalars: Scalars, device: Device): void {
  let consumer = start;
  for (let isDone = false; !isDone; ) {
    isDone = true;
    const producers = [...graph.producers(consumer)].sort((a, b) => graph.level(b) - graph.level(a));
    for (const producer of producers) {
      const fused = joined(graph, producer, consumer, scalars, device);
      if (fused === undefined) continue;
      graph.replace([producer, consumer], fused);
      consumer = fused;
      isDone = false;
      break;
    }
  }
}

/** The variables of a producer in terms of a consumer's, for one load of the consumer. */
type Match = { readonly load: Load; readonly store: Store; readonly by: ReadonlyMap<Variable, Coordinate> };

function joined(graph: PartGraph, producer: Part, consumer: Part, scalars: Scalars, device: Device): Part | undefined {
  if (producer.isUpdate || consumer.isUpdate || consumer.kind === "product") return undefined;
  const loads = loadsOf(consumer.stores.map((store) => store.value));
  const matches: Match[] = [];
  for (const load of loads) {
    if (!graph.writtenBy(producer).has(load.tensor)) continue;
    // What is read at a computed place is not rewritten.
    const isComputed = load.at.some((coordinate) => coordinate.terms.some(({ atom }) => atom.kind !== "variable"));
    const match = isComputed ? undefined : matched(producer, load);
    if (match === undefined) return undefined;
    matches.push(match);
  }
  const image = imageOf(producer, matches);
  if (image === undefined) return undefined;
  const shape = shapeOf(producer, consumer, image, device);
  if (shape === undefined) return undefined;
  const kept = producer.stores.filter((store) => isNeeded(graph, store.tensor, consumer));
  const fused = rewritten(producer, consumer, kept, matches, image, shape, scalars);
  if (touchedBy(fused).size > device.maxBuffers || graph.leads(producer, consumer, false)) return undefined;
  return fused;
}

/** Whether something else than `consumer` reads a tensor. */
function isNeeded(graph: PartGraph, tensor: Tensor, consumer: Part): boolean {
  return tensor.storage !== "temporary" || [...graph.readersOf(tensor)].some((reader) => reader !== consumer);
}

/** Which values of the producer's variables give the element that is loaded. */
function matched(producer: Part, load: Load): Match | undefined {
  const stores = producer.stores.filter((store) => store.tensor === load.tensor);
  if (stores.length !== 1) return undefined;
  const [store] = stores as [Store];
  const by = new Map<Variable, Coordinate>();
  for (const [i, own] of store.at.entries()) {
    const wanted = load.at[i]!;
    const shifted = plus(own, constant(-own.constant));
    const target = plus(wanted, constant(-own.constant));
    const loop = plainVariable(shifted);
    if (loop === undefined) {
      if (shifted.terms.length > 0 || target.terms.length > 0 || target.constant !== 0) return undefined;
      continue;
    }
    const { low, high } = range(target);
    if (by.has(loop) || low < 0 || high >= loop.extent) return undefined;
    by.set(loop, target);
  }
  return { load, store, by };
}

/** The consumer's variables that stand for the producer's rows, in order, when every load agrees on them. */
function imageOf(producer: Part, matches: readonly Match[]): readonly Variable[] | undefined {
  let image: readonly Variable[] | undefined;
  for (const { by } of matches) {
    const own: Variable[] = [];
    for (const row of producer.rows) {
      const coordinate = by.get(row);
      const loop = coordinate === undefined ? undefined : plainVariable(coordinate);
      if (loop === undefined || loop.extent !== row.extent || own.includes(loop)) return undefined;
      own.push(loop);
    }
    if (image !== undefined && own.some((loop, i) => loop !== image![i])) return undefined;
    image = own;
  }
  return image;
}

interface Shape {
  readonly kind: Part["kind"];
  readonly rows: readonly Variable[];
  /** The image's variables that become columns of the producer's stores. */
  readonly columns: readonly Variable[];
}

/** How the fused part would run, if it can. */
function shapeOf(producer: Part, consumer: Part, image: readonly Variable[], device: Device): Shape | undefined {
  const isMap = (part: Part) => !hasFolds(part) && part.stores.every((store) => store.columns.length === 0);
  const sameRows = sameSet(image, consumer.rows);
  if (producer.kind === "product") {
    return isMap(consumer) && sameRows ? { kind: "product", rows: image, columns: [] } : undefined;
  }
  if (sameRows) return { kind: "fold", rows: consumer.rows, columns: [] };
  if (isMap(producer)) {
    // What is stored element by element can be stored within the loop over a row that reads it.
    const inner = image.filter((loop) => !consumer.rows.includes(loop));
    const isRowLoop = reachable(consumer.stores.map((store) => store.value)).some(
      (scalar) => scalar.kind === "fold" && [...scalar.free].every((loop) => consumer.rows.includes(loop)) && sameSet(scalar.over, inner));
    return consumer.rows.every((loop) => image.includes(loop)) && isRowLoop ? { kind: "fold", rows: consumer.rows, columns: inner } : undefined;
  }
  // A map that reads a row's statistics runs along the row.
  if (!isMap(consumer) || !image.every((loop) => consumer.rows.includes(loop))) return undefined;
  const enough = Math.min(size(consumer.rows), device.parallelism);
  return size(image) * rowThreads * perThread >= enough ? { kind: "fold", rows: image, columns: [] } : undefined;
}

/** Threads that can work on one row together, and elements that one of them computes in less time than a dispatch takes. */
const rowThreads = 64;
const perThread = 8;

function rewritten(producer: Part, consumer: Part, kept: readonly Store[], matches: readonly Match[], image: readonly Variable[], shape: Shape, scalars: Scalars): Part {
  const rename = new Map<Variable, Coordinate>(producer.rows.map((row, i) => [row, at(image[i]!)]));
  const found = new Map<Load, Match>(matches.map((match) => [match.load, match]));
  const replace = (value: Scalar) =>
    scalars.rewrite(value, {
      load: (load) => {
        const match = found.get(load);
        return match && scalars.substitute(match.store.value, match.by);
      },
    });
  const own = kept.map((store): Store => ({
    ...store,
    at: store.at.map((coordinate) => substituted(coordinate, rename)),
    columns: [...store.columns, ...shape.columns],
    value: scalars.substitute(store.value, rename),
  }));
  const others = consumer.stores.map((store): Store => ({
    ...store,
    columns: [...store.columns, ...consumer.rows.filter((loop) => !shape.rows.includes(loop))],
    value: replace(store.value),
  }));
  return { kind: shape.kind, rows: shape.rows, stores: [...own, ...others], isUpdate: false };
}

/** A store's coordinate with variables replaced. */
function substituted(of: Coordinate, by: ReadonlyMap<Variable, Coordinate>): Coordinate {
  return rebuild(of, { variable: (loop) => by.get(loop) ?? at(loop), value: (value) => value });
}

/** Parts that neither needs the other's result, with the same rows and loops, and a tensor that both read in the same place. */
function fuseSiblings(graph: PartGraph, scalars: Scalars, device: Device): void {
  const groups = new Map<string, Part[]>();
  for (const part of graph.ordered()) {
    if (part.kind === "product") continue;
    const key = `${part.isUpdate} ${part.rows.map((loop) => loop.extent).join(",")} ${loopsOf(part)}`;
    let current = part;
    let group = groups.get(key) ?? [];
    // What two parts read together a third one may share, so every fusion starts the search again.
    for (let isDone = false; !isDone; ) {
      isDone = true;
      for (const candidate of group) {
        const fused = sideBySide(graph, candidate, current, scalars, device);
        if (fused === undefined) continue;
        graph.replace([candidate, current], fused);
        group = group.filter((own) => own !== candidate);
        current = fused;
        isDone = false;
        break;
      }
    }
    group.push(current);
    groups.set(key, group.slice(-16));
  }
}

/** The extents of a part's loops over rows' elements. */
function loopsOf(part: Part): string {
  const over = reachable(part.stores.map((store) => store.value)).flatMap((scalar) => (scalar.kind === "fold" ? [scalar.over] : []));
  const all = [...over, ...part.stores.map((store) => store.columns)].map((loops) => loops.map((loop) => loop.extent).join("x"));
  return [...new Set(all)].sort().join(" ");
}

function sideBySide(graph: PartGraph, first: Part, second: Part, scalars: Scalars, device: Device): Part | undefined {
  const others = graph.readBy(second);
  if (![...graph.readBy(first)].some((tensor) => tensor.axes.length > 0 && others.has(tensor))) return undefined;
  if (new Set([...touchedBy(first), ...touchedBy(second)]).size > device.maxBuffers) return undefined;
  const rename = new Map(first.rows.map((row, i) => [row, at(second.rows[i]!)]));
  const stores = first.stores.map((store): Store => ({
    ...store,
    at: store.at.map((coordinate) => substituted(coordinate, rename)),
    value: scalars.substitute(store.value, rename),
  }));
  if (!sharesLoad(stores, second.stores, second.rows)) return undefined;
  const fused: Part = { ...second, stores: [...stores, ...second.stores] };
  if (graph.leads(first, second) || graph.leads(second, first)) return undefined;
  return fused;
}

/** Whether two lists of stores read one tensor at the same row. */
function sharesLoad(left: readonly Store[], right: readonly Store[], rows: readonly Variable[]): boolean {
  const own = loadsOf(left.map((store) => store.value)).filter((load) => load.free.size > 0);
  const others = loadsOf(right.map((store) => store.value));
  return own.some((load) => others.some((other) => other.tensor === load.tensor && extents(other) === extents(load) && sameRows(load, other)));

  function sameRows(a: Load, b: Load): boolean {
    return a.at.every((coordinate, i) => {
      const [x, y] = [plainVariable(coordinate), plainVariable(b.at[i]!)];
      // Rows must be the same; loops over a row's elements have variables of their own.
      const areLoops = x !== undefined && y !== undefined && !rows.includes(x) && !rows.includes(y) && x.extent === y.extent;
      return coordinate.key === b.at[i]!.key || areLoops;
    });
  }
}

function extents(load: Load): string {
  return load.at.map((coordinate) => JSON.stringify(range(coordinate))).join();
}

function sameSet(left: readonly Variable[], right: readonly Variable[]): boolean {
  return left.length === right.length && left.every((loop) => right.includes(loop));
}
