import fc from "fast-check";
import { expect, test } from "vitest";
import { hrefOf, parseRoute, type Route } from "../../../src/ui/route.ts";

const id = fc.string({ unit: fc.constantFrom(..."0123456789abcdef"), minLength: 64, maxLength: 64 });
const path = fc.array(fc.nat(999_999), { maxLength: 12 });

test("every place survives its URL, with ids cut to sixteen digits", () => {
  const places = fc.oneof<fc.Arbitrary<Route>[]>(
    id.map((repository) => ({ page: "snapshots", repository })),
    id.map((repository) => ({ page: "backup", repository })),
    id.map((repository) => ({ page: "backup", repository, at: { view: "new" } })),
    fc
      .tuple(id, id, fc.constantFrom("edit" as const, "preview" as const, "history" as const))
      .map(([repository, set, view]) => ({ page: "backup", repository, at: { view, set: set.slice(0, 32) } })),
    fc.constant({ page: "settings" }),
    fc.tuple(id, fc.nat(999_999)).map(([repository, job]) => ({ page: "job", repository, job })),
    id.map((repository) => ({ page: "files", repository, snapshot: null, path: [] })),
    fc.tuple(id, id, path).map(([repository, snapshot, at]) => ({ page: "files", repository, snapshot, path: at })),
  );
  fc.assert(
    fc.property(places, (place) => {
      const short = { ...place };
      if ("repository" in short) short.repository = short.repository.slice(0, 16);
      if ("snapshot" in short && short.snapshot !== null) short.snapshot = short.snapshot.slice(0, 16);
      expect(parseRoute(hrefOf(place))).toEqual(short);
    }),
    { numRuns: 200 },
  );
});

test("the URL of a folder holds ids and positions and nothing else", () => {
  const place: Route = { page: "files", repository: "ab".repeat(32), snapshot: "cd".repeat(32), path: [3, 12, 0] };
  expect(hrefOf(place)).toBe("#/r/abababababababab/s/cdcdcdcdcdcdcdcd/3.12.0");
});

test("what is no place is unknown, and nothing throws", () => {
  const strange = [
    "#/r",
    "#/r/xyz",
    "#/r/abababab/s",
    "#/r/abababab/s/cdcdcdcd/1.x",
    "#/r/abababab/job/-1",
    "#/r/abababab/backup/edit",
    "#/r/abababab/backup/new/abab",
    "#/r/abababab/backup/edit/a%20name",
    "#/elsewhere",
  ];
  for (const hash of strange) expect(parseRoute(hash), hash).toEqual({ page: "unknown" });
  fc.assert(
    fc.property(fc.string(), (hash) => {
      expect(parseRoute(`#/r/${hash}`).page).toBeTypeOf("string");
    }),
    { numRuns: 300 },
  );
});

test("no hash is the Connect screen", () => {
  expect(parseRoute("")).toEqual({ page: "connect" });
  expect(parseRoute("#/")).toEqual({ page: "connect" });
});
