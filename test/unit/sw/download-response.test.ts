import fc from "fast-check";
import { expect, test } from "vitest";
import { attachmentNamed, downloadResponse, unknownDownload } from "../../../src/sw/download-response.ts";

test("a download is an attachment of exact length that is never shown or kept", async () => {
  const body = new Response("12345").body ?? expect.fail("no body");
  const response = downloadResponse({ name: "a.html", sizeBytes: 5 }, body);
  expect(Object.fromEntries(response.headers)).toEqual({
    "content-type": "application/octet-stream",
    "content-length": "5",
    "content-disposition": "attachment; filename=\"a.html\"; filename*=UTF-8''a.html",
    "content-security-policy": "sandbox; default-src 'none'",
    "x-content-type-options": "nosniff",
    "cache-control": "no-store",
    "cross-origin-embedder-policy": "require-corp",
    "cross-origin-resource-policy": "same-origin",
  });
  expect(await response.text()).toBe("12345");
});

test("an unknown download is 404 and runs nothing", () => {
  const response = unknownDownload();
  expect(response.status).toBe(404);
  expect(response.headers.get("content-security-policy")).toBe("sandbox; default-src 'none'");
});

test.each([
  ["größe €.txt", "attachment; filename=\"gr__e _.txt\"; filename*=UTF-8''gr%C3%B6%C3%9Fe%20%E2%82%AC.txt"],
  ['say "hi"\\%41', "attachment; filename=\"say _hi___41\"; filename*=UTF-8''say%20%22hi%22%5C%2541"],
  ["it's (a) *", "attachment; filename=\"it's (a) *\"; filename*=UTF-8''it%27s%20%28a%29%20%2A"],
  ["a\r\nSet-Cookie: b", "attachment; filename=\"a__Set-Cookie: b\"; filename*=UTF-8''a%0D%0ASet-Cookie%3A%20b"],
  ["😀", "attachment; filename=\"_\"; filename*=UTF-8''%F0%9F%98%80"],
  ["half \ud83d", "attachment; filename=\"half _\"; filename*=UTF-8''half%20%EF%BF%BD"],
])("the name %j goes into the header in full", (name, header) => {
  expect(attachmentNamed(name)).toBe(header);
});

test("every name makes a header that is one line, and comes out of it again", () => {
  fc.assert(
    fc.property(fc.string({ unit: "grapheme", maxLength: 40 }), (name) => {
      const header = new Headers({ "Content-Disposition": attachmentNamed(name) }).get("Content-Disposition") ?? "";
      const [, encoded = ""] = /filename\*=UTF-8''([A-Za-z0-9!#$&+.^_`|~%-]*)$/.exec(header) ?? [];
      expect(decodeURIComponent(encoded)).toBe(name);
    }),
    { numRuns: 300 },
  );
});
