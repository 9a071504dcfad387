import { afterEach, expect, test, vi } from "vitest";
import { installTrustedTypes, sameOriginScriptUrl } from "../../../src/platform/trusted-types.ts";

afterEach(() => vi.unstubAllGlobals());

test.each([
  ["/assets/worker.js", true],
  ["https://holdall.home/sw.js", true],
  ["https://holdall.home:444/sw.js", false],
  ["http://holdall.home/sw.js", false],
  ["//elsewhere.example/sw.js", false],
  ["data:text/javascript,alert(1)", false],
  ["blob:https://holdall.home/1", false],
  ["javascript:alert(1)", false],
  ["https://", false],
])("the script URL %s passes: %s", (url, passes) => {
  vi.stubGlobal("location", new URL("https://holdall.home/"));
  expect(sameOriginScriptUrl(url)).toBe(passes ? url : null);
});

test("the policy is the default one, has rules for script URLs alone, and is made once", () => {
  const made: unknown[][] = [];
  const trustedTypes = {
    defaultPolicy: null as object | null,
    createPolicy(...policy: unknown[]) {
      made.push(policy);
      this.defaultPolicy = {};
    },
  };
  vi.stubGlobal("trustedTypes", trustedTypes);
  installTrustedTypes();
  installTrustedTypes();
  expect(made).toEqual([["default", { createScriptURL: sameOriginScriptUrl }]]);
});

test("nothing happens where the browser has no Trusted Types", () => {
  expect(installTrustedTypes).not.toThrow();
});
