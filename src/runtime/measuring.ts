/** What the training loop needs of measures; `measures.ts` has it. */

/** What a measure came out as: null where it was not finite. */
export type Measured = number | null | readonly (number | null)[];

export interface MeasureTaker {
  /** Whether one is to be taken after `step` training steps. After the last step all are. */
  isDue(step: number): boolean;
  /** Those that are due, by name. Undefined when the signal was aborted meanwhile. */
  take(step: number, signal: AbortSignal | undefined): Promise<Readonly<Record<string, Measured>> | undefined>;
}
