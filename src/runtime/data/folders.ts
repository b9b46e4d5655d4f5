/** Data sets in folders: `train/` and `test/` side by side, or one folder without a test part. */

import { join } from "node:path";
import type { Access, Located } from "./access.js";

/** The folders of a data set's parts: its own `train` and `test` if it has both, else the folder itself. */
export async function partFolders(folder: Located, access: Access): Promise<{ train: Located; test?: Located }> {
  const train = await access.locate(join(folder.path, "train"));
  const test = await access.locate(join(folder.path, "test"));
  return train?.kind === "folder" && test?.kind === "folder" ? { train, test } : { train: folder };
}
