import { crc32c } from "@node-rs/crc32";
import fc from "fast-check";
import { expect, test } from "vitest";
import { frame, maskedCrc, records } from "../../../src/runtime/logging/tensorboard/records.js";

const unmasked = (masked: number): number => {
  const rotated = (masked - 0xa282ead8) >>> 0;
  return ((rotated >>> 17) | (rotated << 15)) >>> 0;
};

test("checksums are CRC-32C, masked as TensorFlow does it", () => {
  // The check value of the catalogue of CRCs, and two vectors of RFC 3720, B.4.
  const vectors: [Uint8Array, number][] = [[Buffer.from("123456789"), 0xe3069283], [new Uint8Array(32), 0x8a9136aa], [new Uint8Array(32).fill(255), 0x62a8ab43]];
  for (const [bytes, crc] of vectors) {
    expect(crc32c(bytes)).toBe(crc);
    expect(unmasked(maskedCrc(bytes))).toBe(crc);
    expect(maskedCrc(bytes)).not.toBe(crc);
  }
});

const contents = fc.array(fc.uint8Array({ maxLength: 40 }), { maxLength: 6 });

test("records come back, up to where the file is torn", () => {
  fc.assert(
    fc.property(contents, fc.nat(), (list, cut) => {
      const frames = list.map(frame);
      const file = Buffer.concat(frames);
      expect([...records(file)].map((bytes) => [...bytes])).toEqual(list.map((bytes) => [...bytes]));
      const length = cut % (file.length + 1);
      let whole = 0;
      for (let end = 0; whole < frames.length && (end += frames[whole]!.length) <= length; ) whole++;
      expect([...records(file.subarray(0, length))]).toHaveLength(whole);
    }),
  );
});

test("nothing is read from a damaged record on", () => {
  fc.assert(
    fc.property(fc.array(fc.uint8Array({ minLength: 1, maxLength: 20 }), { minLength: 1, maxLength: 4 }), fc.nat(), fc.integer({ min: 1, max: 255 }), (list, at, change) => {
      const frames = list.map(frame);
      const file = Buffer.concat(frames);
      const place = at % file.length;
      file[place]! ^= change;
      let before = 0;
      for (let end = 0; (end += frames[before]!.length) <= place; ) before++;
      expect([...records(file)]).toHaveLength(before);
    }),
  );
});
