/**
 * TFRecord, the framing of event files: `uint64 length, uint32 masked crc of length, bytes, uint32 masked crc of bytes`, all
 * little-endian. Source: tensorflow/core/lib/io/record_writer.h and lib/hash/crc32c.h.
 */

import { crc32c } from "@node-rs/crc32";

const headerBytes = 12;
const footerBytes = 4;

/** A checksum as records hold it: a CRC over bytes that hold CRCs themselves would be weak. */
export function maskedCrc(bytes: Uint8Array): number {
  const crc = crc32c(bytes);
  return (((crc >>> 15) | (crc << 17)) + 0xa282ead8) >>> 0;
}

export function frame(bytes: Uint8Array): Buffer {
  const record = Buffer.alloc(headerBytes + bytes.length + footerBytes);
  record.writeBigUInt64LE(BigInt(bytes.length));
  record.writeUInt32LE(maskedCrc(record.subarray(0, 8)), 8);
  record.set(bytes, headerBytes);
  record.writeUInt32LE(maskedCrc(bytes), headerBytes + bytes.length);
  return record;
}

/** The contents of the records of a file, up to the first that is torn or damaged: behind it no reader gets. */
export function* records(file: Buffer): Generator<Buffer> {
  for (let at = 0; at + headerBytes <= file.length; ) {
    const length = Number(file.readBigUInt64LE(at));
    const end = at + headerBytes + length;
    if (file.readUInt32LE(at + 8) !== maskedCrc(file.subarray(at, at + 8)) || end + footerBytes > file.length) return;
    const bytes = file.subarray(at + headerBytes, end);
    if (file.readUInt32LE(end) !== maskedCrc(bytes)) return;
    yield bytes;
    at = end + footerBytes;
  }
}
