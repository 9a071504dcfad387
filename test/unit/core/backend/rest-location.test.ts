import { describe, expect, test } from "vitest";
import { isPrivate, normalRestUrl, parseRestLocation } from "../../../../src/core/backend/rest-location.ts";

describe("an address", () => {
  test.each([
    ["http://127.0.0.1:8000/repository", "http://127.0.0.1:8000/repository/"],
    ["  https://nas.home/a/b/  ", "https://nas.home/a/b/"],
    ["rest:https://nas.home:8443/", "https://nas.home:8443/"],
    ["REST:http://localhost/x", "http://localhost/x/"],
    ["https://nas.home", "https://nas.home/"],
    ["https://NAS.home/Ünï", "https://nas.home/%C3%9Cn%C3%AF/"],
  ])("%s is the folder %s", (text, url) => {
    expect(parseRestLocation(text)).toEqual({ url, login: null });
  });

  test("its login is taken out and its escapes are read", () => {
    expect(parseRestLocation("rest:https://us%40er:p%3Ass%20w%C3%B6rd@nas.home/r")).toEqual({
      url: "https://nas.home/r/",
      login: { username: "us@er", password: "p:ss wörd" },
    });
    expect(parseRestLocation("https://user@nas.home/r").login).toEqual({ username: "user", password: "" });
    expect(parseRestLocation("https://me:100%@nas.home/").login?.password).toBe("100%");
  });

  test.each([
    ["", "not-a-url"],
    ["nas.home/repository", "not-a-url"],
    ["rest:/srv/restic", "not-a-url"],
    ["sftp:user@host:/srv", "scheme"],
    ["localhost:8000/repository", "scheme"],
    ["file:///srv/restic", "scheme"],
    ["https://nas.home/r?create=true", "query-or-fragment"],
    ["https://nas.home/r#top", "query-or-fragment"],
  ])("%s is refused: %s", (text, reason) => {
    expect(() => parseRestLocation(text)).toThrow(
      expect.objectContaining({ name: "BackendError", code: "bad-address", retry: "never", context: { reason } }),
    );
  });

  test("an error never quotes it", () => {
    for (const text of ["https://user:secret%zz@nas.home/?x", "ftp://user:secret@nas.home/", "https://user:secret@"]) {
      const error = thrownBy(() => parseRestLocation(text));
      expect(JSON.stringify({ ...error, message: error.message, stack: error.stack })).not.toContain("secret");
      expect(error.cause).toBeUndefined();
    }
  });

  test("where a login is not expected, one is refused", () => {
    expect(() => normalRestUrl("https://user:secret@nas.home/")).toThrow(
      expect.objectContaining({ code: "bad-address", context: { reason: "login-in-url" } }),
    );
  });
});

test.each([
  ["https://nas.home/", true],
  ["http://localhost/", true],
  ["http://app.localhost:80/", true],
  ["http://127.0.0.1:8000/", true],
  ["http://127.255.1.2/", true],
  ["http://[::1]:8000/", true],
  ["http://nas.home/", false],
  ["http://192.168.1.2/", false],
  ["http://localhost.example/", false],
  ["http://127.0.0.1.example/", false],
  ["http://[::2]/", false],
])("a login may be sent to %s: %s", (url, expected) => {
  expect(isPrivate(url)).toBe(expected);
});

function thrownBy(work: () => unknown): Error {
  try {
    work();
  } catch (error) {
    if (error instanceof Error) return error;
  }
  throw new Error("nothing was thrown");
}
