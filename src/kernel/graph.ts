/** The parts of an entry and which of them need which: kept while parts are fused. */

import { type Part, readBy, writtenBy } from "./part.js";
import type { Tensor } from "./tensor.js";

export class PartGraph {
  private readonly reads = new Map<Part, ReadonlySet<Tensor>>();
  private readonly writes = new Map<Part, ReadonlySet<Tensor>>();
  private readonly readers = new Map<Tensor, Set<Part>>();
  private readonly writers = new Map<Tensor, Set<Part>>();
  /** The longest way from a part that needs no other. */
  private readonly levels = new Map<Part, number>();

  constructor(parts: readonly Part[]) {
    for (const part of parts) {
      this.add(part);
      this.levels.set(part, this.levelOf(part));
    }
  }

  /** All parts, each after those that it needs. Updates stand last: they must not change what others read. */
  ordered(): readonly Part[] {
    const parts = [...this.reads.keys()];
    const stage = (part: Part) => (part.isUpdate ? Infinity : this.levels.get(part)!);
    return parts.map((part, i) => ({ part, i })).sort((a, b) => stage(a.part) - stage(b.part) || a.i - b.i).map(({ part }) => part);
  }

  level(part: Part): number {
    return this.levels.get(part)!;
  }

  has(part: Part): boolean {
    return this.reads.has(part);
  }

  readBy(part: Part): ReadonlySet<Tensor> {
    return this.reads.get(part)!;
  }

  writtenBy(part: Part): ReadonlySet<Tensor> {
    return this.writes.get(part)!;
  }

  readersOf(tensor: Tensor): ReadonlySet<Part> {
    return this.readers.get(tensor) ?? new Set();
  }

  /** The parts that write what this one reads. Slots hold their old values until the end. */
  producers(part: Part): ReadonlySet<Part> {
    const result = new Set<Part>();
    for (const tensor of this.reads.get(part)!) {
      if (tensor.storage === "slot") continue;
      for (const writer of this.writers.get(tensor) ?? []) if (writer !== part) result.add(writer);
    }
    return result;
  }

  consumers(part: Part): ReadonlySet<Part> {
    const result = new Set<Part>();
    for (const tensor of this.writes.get(part)!) {
      if (tensor.storage === "slot") continue;
      for (const reader of this.readersOf(tensor)) if (reader !== part) result.add(reader);
    }
    return result;
  }

  /** Whether `to` needs `from`, directly or through others. Without `direct`, only ways through a third part count. */
  leads(from: Part, to: Part, direct = true): boolean {
    const floor = this.level(from);
    const seen = new Set<Part>();
    const open = [...this.producers(to)].filter((part) => direct || part !== from);
    for (let part = open.pop(); part !== undefined; part = open.pop()) {
      if (part === from) return true;
      if (seen.has(part) || this.level(part) <= floor) continue;
      seen.add(part);
      open.push(...this.producers(part));
    }
    return false;
  }

  /** Puts one part in the place of several. */
  replace(old: readonly Part[], by: Part): void {
    const level = Math.max(...old.map((part) => this.level(part)));
    for (const part of old) this.remove(part);
    this.add(by);
    this.levels.set(by, Math.max(level, this.levelOf(by)));
    this.raise([...this.consumers(by)]);
  }

  private levelOf(part: Part): number {
    return Math.max(-1, ...[...this.producers(part)].map((producer) => this.level(producer))) + 1;
  }

  private raise(open: Part[]): void {
    for (let part = open.pop(); part !== undefined; part = open.pop()) {
      const level = this.levelOf(part);
      if (level <= this.level(part)) continue;
      this.levels.set(part, level);
      open.push(...this.consumers(part));
    }
  }

  private add(part: Part): void {
    this.reads.set(part, readBy(part));
    this.writes.set(part, writtenBy(part));
    for (const tensor of this.readBy(part)) setOf(this.readers, tensor).add(part);
    for (const tensor of this.writtenBy(part)) setOf(this.writers, tensor).add(part);
  }

  private remove(part: Part): void {
    for (const tensor of this.readBy(part)) this.readers.get(tensor)!.delete(part);
    for (const tensor of this.writtenBy(part)) this.writers.get(tensor)!.delete(part);
    this.reads.delete(part);
    this.writes.delete(part);
    this.levels.delete(part);
  }
}

function setOf<K, V>(map: Map<K, Set<V>>, key: K): Set<V> {
  const known = map.get(key);
  if (known !== undefined) return known;
  const made = new Set<V>();
  map.set(key, made);
  return made;
}
