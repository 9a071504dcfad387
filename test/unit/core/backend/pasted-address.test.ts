import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { parsePastedAddress } from "../../../../src/core/backend/pasted-address.ts";

const nas = { url: "https://nas.home:8000/photos/", login: null };

test.each([
  "https://nas.home:8000/photos/",
  "https://nas.home:8000/photos",
  "rest:https://nas.home:8000/photos",
  "  REST:https://nas.home:8000/photos \r\n",
  '"rest:https://nas.home:8000/photos/"',
  "'rest:https://nas.home:8000/photos/'\n",
  "nas.home:8000/photos",
  "//nas.home:8000/photos",
  "rest:nas.home:8000/photos",
  "export RESTIC_REPOSITORY=rest:https://nas.home:8000/photos/",
  "RESTIC_REPOSITORY='rest:https://nas.home:8000/photos/'",
  'RESTIC_REPOSITORY="rest:https://nas.home:8000/photos/" restic snapshots',
  'set RESTIC_REPOSITORY="rest:https://nas.home:8000/photos/"',
  '$env:RESTIC_REPOSITORY = "rest:https://nas.home:8000/photos/"',
  "export RESTIC_REPOSITORY=rest:https://nas.home:8000/photos/;",
  "-r rest:https://nas.home:8000/photos",
  "--repo=rest:https://nas.home:8000/photos",
  "restic -r rest:https://nas.home:8000/photos/ snapshots",
  "$ restic --repo 'rest:https://nas.home:8000/photos/' backup ~/x",
])("%j is understood", (text) => {
  expect(parsePastedAddress(text)).toEqual(nas);
});

test("without a scheme it is https, but http on this machine", () => {
  expect(parsePastedAddress("localhost:8000/a").url).toBe("http://localhost:8000/a/");
  expect(parsePastedAddress("127.0.0.1:8000/a").url).toBe("http://127.0.0.1:8000/a/");
  expect(parsePastedAddress("[::1]:8000/a").url).toBe("http://[::1]:8000/a/");
  expect(parsePastedAddress("me:pw@localhost:8000/a").url).toBe("http://localhost:8000/a/");
  expect(parsePastedAddress("localhost.evil.example/a").url).toBe("https://localhost.evil.example/a/");
  expect(parsePastedAddress("localhost@evil.example/a").url).toBe("https://evil.example/a/");
});

test("a login is taken out of the URL and its escapes are read", () => {
  expect(parsePastedAddress("rest:https://user:p%40ss%3A@host:8000/user/repo/")).toEqual({
    url: "https://host:8000/user/repo/",
    login: { username: "user", password: "p@ss:" },
  });
});

describe("what works elsewhere only is named", () => {
  test.each([
    ["s3:https://s3.amazonaws.com/bucket", "s3"],
    ["sftp:user@host:/srv/restic", "sftp"],
    ["SFTP://user@host//srv", "sftp"],
    ["b2:bucket:path", "b2"],
    ["azure:container:/", "azure"],
    ["gs:bucket:/", "gs"],
    ["swift:container:/path", "swift"],
    ["rclone:remote:path", "rclone"],
    ["restic -r sftp:nas:/backup snapshots", "sftp"],
  ])("%s is for %s", (text, backend) => {
    expect(() => parsePastedAddress(text)).toThrow(
      expect.objectContaining({ code: "bad-address", context: { reason: "other-backend", backend } }),
    );
  });

  test.each([
    "/srv/restic",
    "./backup",
    "../backup",
    "~/backup",
    "local:/srv",
    "file:///srv",
    "C:\\backup",
    "\\\\nas\\b",
  ])("%s is a path", (text) => {
    expect(() => parsePastedAddress(text)).toThrow(
      expect.objectContaining({ code: "bad-address", context: { reason: "local-path" } }),
    );
  });
});

test.each(["", "   ", "two words", "https://", "javascript:alert(1)", "ftp://nas.home/", "https://nas.home/x?y=1"])(
  "%j is no address of a server",
  (text) => {
    expect(() => parsePastedAddress(text)).toThrow(expect.objectContaining({ code: "bad-address" }));
  },
);

test("no URL and no error that comes out holds any part of the login", () => {
  const secret = fc.string({ unit: fc.constantFrom(..."QZJXKV%"), minLength: 8, maxLength: 20 });
  fc.assert(
    fc.property(secret, secret, fc.constantFrom("", "?x=1", " y"), (username, password, tail) => {
      const seen: string[] = [];
      try {
        seen.push(parsePastedAddress(`rest:https://${username}:${password}@nas.home/x${tail}`).url);
      } catch (error) {
        seen.push(error instanceof Error ? `${error.message} ${error.stack}` : "");
      }
      expect(seen.join()).not.toContain(username);
      expect(seen.join()).not.toContain(password);
    }),
    { numRuns: 200 },
  );
});

test("nothing that is pasted makes it throw anything else", () => {
  fc.assert(
    fc.property(fc.string({ unit: "binary", maxLength: 60 }), (text) => {
      try {
        const { url } = parsePastedAddress(text);
        expect(url).toMatch(/^https?:.*\/$/s);
      } catch (error) {
        expect(error).toMatchObject({ code: "bad-address" });
      }
    }),
    { numRuns: 500 },
  );
});
