import { expect, test } from "vitest";
import { discardBytes } from "../../../../src/core/base/bytes.ts";

test("a buffer that is given back is gone, once and for all", () => {
  const bytes = new Uint8Array(8192);
  discardBytes(bytes);
  expect(bytes.length).toBe(0);
  discardBytes(bytes);
});

test("a view does not give back the buffer that others see too", () => {
  const whole = new Uint8Array(8192).fill(7);
  discardBytes(whole.subarray(0, 5000));
  expect(whole.every((byte) => byte === 7)).toBe(true);
  expect(whole.length).toBe(8192);
});
