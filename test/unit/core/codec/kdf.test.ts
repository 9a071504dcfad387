import { describe, expect, test } from "vitest";
import { bytesOfHex, hexOf } from "../../../../src/core/base/bytes.ts";
import { calibrateKdf, checkKdfParameters, deriveUserKey, estimateKdfCost } from "../../../../src/core/codec/kdf.ts";
import { codecVectors } from "../../../support/codec-vectors.ts";
import { noise } from "../../../support/noise.ts";

const cheap = { N: 2, r: 1, p: 1, salt: noise(1, 64) };

test.each(codecVectors.scrypt)("password $password_utf8 gives restic's key", async (vector) => {
  const { N, r, p } = vector;
  const key = await deriveUserKey(vector.password_utf8, { N, r, p, salt: bytesOfHex(vector.salt) });
  expect(hexOf(key.encrypt)).toBe(vector.encrypt);
  expect(hexOf(key.macK)).toBe(vector.mac_k);
  expect(hexOf(key.macR)).toBe(vector.mac_r);
});

test("the password counts as it was typed: without normalisation, case and white space kept", async () => {
  const passwords = ["\u00e9", "e\u0301", "a", "A", "a ", "a\n", ""];
  const keys = await Promise.all(passwords.map((password) => deriveUserKey(password, cheap)));
  expect(new Set(keys.map((key) => hexOf(key.encrypt))).size).toBe(passwords.length);
});

describe("parameters out of a key file", () => {
  test.each([{ N: 2 }, { N: 32768, r: 8, p: 10 }, { N: 2 ** 18, r: 8 }, { N: 2 ** 20, r: 8, p: 8 }])(
    "%o are accepted",
    (parameters) => {
      expect(() => checkKdfParameters({ ...cheap, ...parameters })).not.toThrow();
    },
  );

  test.each([
    { N: 0 },
    { N: 1 },
    { N: 3 },
    { N: 6 },
    { N: -2 },
    { N: 2.5 },
    { N: Number.NaN },
    { N: Number.POSITIVE_INFINITY },
    { N: 2 ** 60 },
    { r: 0 },
    { r: 1.5 },
    { r: Number.NaN },
    { p: 0 },
    { p: -1 },
    { p: Number.MAX_SAFE_INTEGER },
    { r: 2 ** 15, p: 2 ** 15 },
    { salt: noise(1, 63) },
    { salt: noise(1, 65) },
    { salt: noise(1, 0) },
  ])("%o are malformed", async (parameters) => {
    expect(() => checkKdfParameters({ ...cheap, ...parameters })).toThrow("key-malformed");
    await expect(deriveUserKey("", { ...cheap, ...parameters })).rejects.toThrow("key-malformed");
  });

  test.each([
    { N: 2 ** 21, r: 8 },
    { N: 2, r: 2 ** 23 },
    { N: 2, r: 2 ** 22 },
    { N: 2, p: 2 ** 24 },
    { N: 2 ** 40 },
    { N: 32768, r: 8, p: 257 },
    { N: 2, p: 2 ** 29 },
  ])("%o are too expensive", async (parameters) => {
    expect(() => checkKdfParameters({ ...cheap, ...parameters })).toThrow("kdf-too-expensive");
    await expect(deriveUserKey("", { ...cheap, ...parameters })).rejects.toThrow("kdf-too-expensive");
  });
});

test("the estimate orders key files by their cost", () => {
  const costs = [cheap, { N: 32768, r: 8, p: 5 }, { N: 32768, r: 8, p: 6 }, { N: 2 ** 18, r: 8, p: 1 }];
  const estimates = costs.map(estimateKdfCost);
  expect(estimates.toSorted((a, b) => a - b)).toEqual(estimates);
});

test.each([
  { pass: 100, p: 5 },
  { pass: 60, p: 8 },
  { pass: 400, p: 3 },
  { pass: 5000, p: 3 },
  { pass: 0, p: 32 },
])("a machine that needs $pass ms a pass gets p = $p", async ({ pass, p }) => {
  const cost = await calibrateKdf(async () => pass);
  expect(cost).toEqual({ N: 32768, r: 8, p });
  expect(() => checkKdfParameters({ ...cost, salt: noise(1, 64) })).not.toThrow();
});

test("this machine's calibration is one that the check accepts", async () => {
  const cost = await calibrateKdf();
  expect(cost.p).toBeGreaterThanOrEqual(3);
  expect(() => checkKdfParameters({ ...cost, salt: noise(1, 64) })).not.toThrow();
});
