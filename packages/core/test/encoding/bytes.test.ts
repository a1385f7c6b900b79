import { expect, it } from "vitest";
import { concatBytes, joinBytes } from "../../src/encoding/bytes.ts";

it("joins more parts than a call takes arguments", () => {
  const parts = Array.from({ length: 300_000 }, (_, index) => Uint8Array.of(index % 251));
  const joined = joinBytes(parts);
  expect(joined.length).toBe(parts.length);
  expect(joined[250_999]).toBe(250_999 % 251);
  expect(concatBytes(Uint8Array.of(1), Uint8Array.of(2, 3))).toEqual(Uint8Array.of(1, 2, 3));
});
