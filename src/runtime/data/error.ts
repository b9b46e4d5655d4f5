/** A data set that cannot be read or does not fit the model. The message names the file or the place in the spec, the fault, and a remedy. */
export class DataError extends Error {
  override readonly name = "DataError";

  /** `subject` is a file (with a line or an example) or a place in the spec. */
  constructor(subject: string, fault: string, remedy: string, options?: ErrorOptions) {
    super(`${subject}: ${fault}; ${remedy}`, options);
  }
}

/** The first line of the message of anything thrown, for quoting a library's own words in a DataError. */
export function wordsOf(thrown: unknown): string {
  const message = thrown instanceof Error ? thrown.message : String(thrown);
  return message.split("\n", 1)[0]!;
}
