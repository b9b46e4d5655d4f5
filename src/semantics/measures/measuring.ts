/** What a measure may ask of the model besides its values. */

import type { Place } from "../../diagnostics/diagnostic.js";
import type { TensorValue } from "../values.js";

export interface Measuring {
  /** The gradient of the mean loss over the measured examples by a value of the model. @throws CheckError when it is no such value */
  gradient(value: TensorValue, where: Place): TensorValue;
  /**
   * The gradient by a parameter apart for each position along an axis, such as `token`: as if each position had a copy of its own.
   * @throws CheckError when the value is no parameter, or meets nothing with that axis
   */
  gradientAlong(value: TensorValue, axis: string, where: Place): TensorValue;
  /**
   * The gradient of each example's own loss, with the axis `batch`, by a parameter or by a value that has that axis.
   * @throws CheckError as `gradientAlong`
   */
  exampleGradients(value: TensorValue, where: Place): TensorValue;
}
