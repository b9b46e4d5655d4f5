/** What each dispatch of an entry leaves behind, for messages about values that are not finite. */

import type { Op } from "../ir/program.js";
import type { Store } from "../kernel/part.js";
import type { Dispatch, EntryPlan } from "../kernel/program.js";

/**
 * The stores of a dispatch whose tensors are complete with it: what several dispatches write piece by piece has a value only after
 * the last of them.
 */
export function finalStores({ dispatches, updates }: EntryPlan): (dispatch: Dispatch) => readonly Store[] {
  const storesOf = ({ pieces }: Dispatch) => pieces.flatMap(({ part }) => part.stores);
  const last = new Map([...dispatches, ...updates].flatMap((dispatch) => storesOf(dispatch).map(({ tensor }) => [tensor, dispatch] as const)));
  return (dispatch) => storesOf(dispatch).filter(({ tensor }) => tensor.storage !== "local" && last.get(tensor) === dispatch);
}

/** Where a value comes from, as plans say it. */
export function originFields(op: Op) {
  return { operation: op.kind, place: op.place, phase: op.phase, ...(op.source === undefined ? {} : { source: op.source }) };
}
