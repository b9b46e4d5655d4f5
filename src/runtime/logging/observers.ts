/** The logs that a run is also written to. What each needs is loaded only where it is asked for. */

import type { RunObserver } from "../observer.js";
import type { RunIdentity } from "./identity.js";
import type { MlflowAddress } from "./mlflow/address.js";

export interface Logs {
  /** Event files in the run's folder. */
  readonly tensorboard?: boolean;
  readonly mlflow?: MlflowAddress;
}

/** The observers of one run; another run needs its own. */
export async function observersFor({ tensorboard = false, mlflow }: Logs, identity: RunIdentity): Promise<readonly RunObserver[]> {
  const observers: RunObserver[] = [];
  if (tensorboard) observers.push(new (await import("./tensorboard/observer.js")).TensorboardObserver(identity));
  if (mlflow !== undefined) observers.push(new (await import("./mlflow/observer.js")).MlflowObserver(mlflow, identity));
  return observers;
}
