import { expect, test } from "vitest";
import { HoldallError } from "../../../src/core/base/errors.ts";
import { failureOf, isAborted } from "../../../src/ui/failure.ts";
import { detailText, errorText, errorTexts } from "../../../src/ui/text/errors.ts";

test("an error of ours keeps its code and its facts", () => {
  const failure = failureOf(new HoldallError("blob-missing", { blob: "ab".repeat(32) }));
  expect(failure).toEqual({ code: "blob-missing", context: { blob: "ab".repeat(32) } });
  expect(errorText(failure.code, failure.context).happened).toContain("blob abababababab.");
  expect(detailText(failure.code, failure.context)).toContain("blob-missing · blob abab");
});

test("an error that nobody foresaw is a bug, with what it said", () => {
  expect(failureOf(new TypeError("x is not a function"))).toEqual({
    code: "bug",
    context: { error: "TypeError", message: "x is not a function" },
  });
  expect(failureOf("thrown text").code).toBe("bug");
  expect(failureOf(Object.assign(new Error("m"), { code: "ENOENT" })).code).toBe("bug");
});

test("an abort is no failure", () => {
  expect(isAborted(new DOMException("", "AbortError"))).toBe(true);
  expect(isAborted(new HoldallError("closed"))).toBe(false);
});

test("every text is plain: a title without a full stop, sentences with one, no exclamation mark", () => {
  for (const code of Object.keys(errorTexts) as (keyof typeof errorTexts)[]) {
    for (const context of [{}, { type: "index", id: "ab".repeat(32), status: 502, version: 9, hostname: "nas" }]) {
      const { title, happened, advice } = errorText(code, context);
      expect(title, code).toMatch(/^[A-Z][^.!]+$/);
      expect(happened, code).toMatch(/^[A-Z].*\.$/);
      expect(advice, code).toMatch(/^[A-Z].*\.$/);
      expect(`${title}${happened}${advice}`, code).not.toMatch(/!|undefined|null|\[object/);
    }
  }
});

test("a wrong login is said to be the server's, a wrong password the repository's", () => {
  expect(errorText("login-rejected").happened).toContain("of the server, not the password of the repository");
  expect(errorText("wrong-password").happened).toContain("server's login was fine");
});
