/** How a page's folder holds the examples: the contents of `data/index.json`, and what it says of the files beside it. */

export interface StoredData {
  /** One line for people. */
  readonly description: string;
  readonly training: StoredPart;
  readonly heldOut: StoredPart;
}

export interface StoredPart {
  /** Examples. */
  readonly count: number;
  /** One for each input of the model. */
  readonly fields: readonly StoredField[];
}

/** All values of one input, example after example, row-major. */
export interface StoredField {
  readonly input: string;
  readonly type: StoredType;
  /** Float inputs get the stored numbers divided by this: 255 turns bytes into 0 … 1. */
  readonly divisor?: number;
  /** The values follow one another from file to file. */
  readonly files: readonly StoredFile[];
}

/** A whole number of examples: little-endian, without gaps, compressed with gzip. */
export interface StoredFile {
  /** From the folder of the page. */
  readonly path: string;
  readonly elements: number;
  /** Its length as it is loaded. */
  readonly bytes: number;
}

/** The arrays that hold each type, on the little-endian machines that browsers run on. */
export const storedArrays = { u8: Uint8Array, u16: Uint16Array, i32: Int32Array, f32: Float32Array } as const;

export type StoredType = keyof typeof storedArrays;

/** Bytes that a page loads for its data. */
export function loadedBytes({ training, heldOut }: StoredData): number {
  const files = [training, heldOut].flatMap(({ fields }) => fields.flatMap((field) => field.files));
  return files.reduce((sum, { bytes }) => sum + bytes, 0);
}
