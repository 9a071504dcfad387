import { expect, test } from "vitest";
import { type Rung, rungNames } from "../../../src/platform/doctor.ts";
import { fixOf, rungText } from "../../../src/ui/text/doctor.ts";

const subject = { origin: "https://holdall.home", url: "https://nas.home:8000/photos/" };

function bad(name: Rung["name"], detail: string | null = null): Rung {
  return { name, state: "bad", detail };
}

test("every cross has something to do about it", () => {
  for (const name of rungNames) {
    expect(rungText(bad(name))).not.toBe("");
    expect(fixOf(bad(name), subject).body).not.toBe("");
  }
});

test("what is to be copied names the user's own server and page, and no login", () => {
  const cors = fixOf(bad("cors"), subject).snippets.map(({ text }) => text);
  expect(cors[0]).toBe("npm start -- --proxy nas=https://nas.home:8000");
  for (const proxy of cors.slice(1)) expect(proxy).toContain('Access-Control-Allow-Origin "https://holdall.home"');
  expect(cors[1]).toContain("nas.home:8000 {");
  expect(cors[2]).toContain("listen 8000 ssl;");
  const policy = fixOf(bad("page-policy"), subject).snippets.map(({ text }) => text);
  expect(policy).toContain("npm start -- --connect-src https://nas.home:8000");
  const mixed = fixOf(bad("mixed-content"), { ...subject, url: "http://nas.home:8000/a/" }).snippets;
  expect(mixed.at(-1)?.text).toBe("npm start -- --proxy nas=http://nas.home:8000 --insecure-upstream");
});

test("what was seen is said where it matters", () => {
  expect(rungText(bad("login", "no-login"))).toContain("asks for a login");
  expect(rungText(bad("rest-server", "html"))).toContain("web page");
  expect(rungText(bad("rest-server", "502"))).toContain("(502)");
});
