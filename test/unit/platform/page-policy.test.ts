import { expect, test } from "vitest";
import { isStrictPolicy } from "../../../src/platform/page-policy.ts";
import { securityHeaders } from "../../../src/server/security-headers.ts";

const strict = securityHeaders("https://holdall.example", { connectSources: ["https://bucket.example"] });
const policy = strict["Content-Security-Policy"] ?? "";

function withPolicy(text: string): Headers {
  return new Headers({ ...strict, "Content-Security-Policy": text });
}

test("what Holdall's own server sends is strict", () => {
  expect(isStrictPolicy(new Headers(strict))).toBe(true);
  expect(
    isStrictPolicy(withPolicy(policy.toUpperCase().replace(/'[A-Z-]+'|HTTPS?:\S+|NONE/g, (w) => w.toLowerCase()))),
  ).toBe(true);
});

test.each([
  ["no headers", new Headers()],
  ["no policy", withPolicy("")],
  ["types that browsers guess", new Headers({ "Content-Security-Policy": policy })],
  ["scripts of the whole origin", withPolicy(policy.replace("script-src ", "script-src 'self' "))],
  ["workers of the whole origin", withPolicy(policy.replace("worker-src ", "worker-src https://holdall.example/ "))],
  ["scripts of repositories", withPolicy(policy.replace("script-src ", "script-src https://holdall.example/repos/ "))],
  ["inline scripts", withPolicy(policy.replace("script-src ", "script-src 'unsafe-inline' "))],
  ["scripts made of text", withPolicy(policy.replace("script-src ", "script-src 'unsafe-eval' "))],
  ["an earlier, looser directive of the same name", withPolicy(`script-src *; ${policy}`)],
  ["any frame around the page", withPolicy(policy.replace("frame-ancestors 'none'; ", ""))],
  ["frames of the same origin", withPolicy(policy.replace("frame-ancestors 'none'", "frame-ancestors 'self'"))],
  ["another base", withPolicy(policy.replace("base-uri 'none'; ", ""))],
  ["strings where scripts are meant", withPolicy(policy.replace("require-trusted-types-for 'script'; ", ""))],
])("%s: not strict", (_name, headers) => {
  expect(isStrictPolicy(headers)).toBe(false);
});
