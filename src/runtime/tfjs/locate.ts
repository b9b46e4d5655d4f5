/** Finds the call of an emitted program whose result is the first that is not finite. */

import type { Tensor } from "@tensorflow/tfjs-core";
import type { Fault } from "../trainer.js";
import type { ProgramRuntime, TensorFlow } from "./program.js";

/** Stops the program where the fault is. */
class Found extends Error {
  constructor(readonly fault: Fault) {
    super(`not finite: ${fault.operation} at ${fault.place}`);
  }
}

/** What is wrong with a tensor: nothing, infinities, or numbers that are none. */
type Health = 0 | 1 | 2;

/**
 * Looks at the result of every call of a program. A call is at fault when its result holds NaN, or infinity, and nothing
 * that it was given does: a mask of infinities may be part of the model. For NaN, infinities alone are no excuse.
 */
export class Watch {
  private readonly healthOf = new Map<number, Health>();
  private section: readonly string[] = [];
  private position = 0;
  private place = "";
  private source = "";

  constructor(
    private readonly tf: TensorFlow,
    private readonly origins: readonly string[],
  ) {}

  /** Runs `body`; gives the fault when a call in it has one. */
  find(body: () => void): Fault | undefined {
    try {
      body();
      return undefined;
    } catch (error) {
      if (error instanceof Found) return error.fault;
      throw error;
    }
  }

  /** `tf` with every call that gives a tensor watched. */
  watchedTf(): TensorFlow {
    return this.watched(this.tf, () => true);
  }

  watchedRuntime(runtime: ProgramRuntime): ProgramRuntime {
    const outside = new Set<string | symbol>(["slot", "input"]);
    const watched = this.watched(runtime, (name) => !outside.has(name));
    // What comes from outside is at fault by itself, as the first thing to be looked at.
    const looked = (kind: "parameter" | "input", read: (name: string) => Tensor) => (name: string) => {
      const tensor = read(name);
      if (!this.healthOf.has(tensor.id) && this.look(tensor) > 0) {
        throw new Found({ operation: kind, place: name, phase: "forward" });
      }
      return tensor;
    };
    const at = (section: number, place: string) => this.enter(section, place);
    const { slot, input } = runtime;
    return new Proxy(watched, {
      get: (target, name) =>
        name === "at" ? at : name === "slot" ? looked("parameter", slot) : name === "input" ? looked("input", input) : Reflect.get(target, name),
    });
  }

  private watched<T extends object>(functions: T, isWatched: (name: string | symbol) => boolean): T {
    return new Proxy(functions, {
      get: (target, name) => {
        const member: unknown = Reflect.get(target, name);
        if (typeof member !== "function" || !isWatched(name)) return member;
        return (...args: unknown[]) => {
          const result: unknown = member.apply(target, args);
          if (result instanceof this.tf.Tensor) this.check(result, args);
          return result;
        };
      },
    });
  }

  private enter(section: number, place: string): void {
    this.section = this.origins[section]!.split(" ");
    this.position = 0;
    this.place = place;
    this.source = "";
  }

  private check(result: Tensor, args: readonly unknown[]): void {
    const [operation, source] = this.nextOrigin();
    const health = this.look(result);
    const given = Math.max(0, ...args.flat().map((arg) => (arg instanceof this.tf.Tensor ? (this.healthOf.get(arg.id) ?? 0) : 0)));
    const isConstant = !args.flat().some((arg) => arg instanceof this.tf.Tensor);
    const hasOwnInfinity = args.some((arg) => typeof arg === "number" && !Number.isFinite(arg));
    if (health <= given || isConstant || (health === 1 && hasOwnInfinity)) return;
    const phase = this.section[0]!;
    throw new Found({ operation, place: this.place, phase, ...(source === "" ? {} : { source }) });
  }

  private nextOrigin(): readonly [operation: string, source: string] {
    const [operation, source] = this.section[++this.position]!.split("@");
    if (source !== undefined) this.source = source.replaceAll("%20", " ");
    return [operation!, this.source];
  }

  private look(tensor: Tensor): Health {
    let health: Health = 0;
    if (tensor.dtype === "float32") {
      for (const value of tensor.dataSync()) {
        if (Number.isNaN(value)) health = 2;
        else if (health === 0 && !Number.isFinite(value)) health = 1;
      }
    }
    this.healthOf.set(tensor.id, health);
    return health;
  }
}
