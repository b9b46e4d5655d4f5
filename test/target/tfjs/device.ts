/** The devices that the tests of this folder run on: `NORM_TEST_DEVICE` names another one, or `auto`. */

import { type Device, type DeviceChoice, openDevice } from "../../../src/runtime/tfjs/devices.js";

const asked = process.env["NORM_TEST_DEVICE"] as DeviceChoice | undefined;

/** The choices to test on. A process has one device at a time: open one, use it, then open the next. */
export const testDevices: readonly DeviceChoice[] = asked === undefined || asked.length === 0 ? ["wasm", "cpu"] : [asked];

export function openTestDevice(choice: DeviceChoice): Promise<Device> {
  return openDevice(choice, [process.cwd()]);
}
