import { expect, test } from "vitest";
import { groupsOf, Snapshots } from "../../../../src/ui/state/snapshots.svelte.ts";
import { preparedRepository } from "../../../browser/pictures/repository.ts";
import { fakeRepositoryApi, fakeSnapshot } from "../../../support/fake-repository-api.ts";

test("a series is a host and its paths, in whatever order they were given; the newest series comes first", () => {
  const groups = groupsOf([
    fakeSnapshot({ timeMs: 4, hostname: "a", paths: ["/x", "/y"] }),
    fakeSnapshot({ timeMs: 3, hostname: "b", paths: ["/x"] }),
    fakeSnapshot({ timeMs: 2, hostname: "a", paths: ["/y", "/x"] }),
    fakeSnapshot({ timeMs: 1, hostname: "a", paths: ["/x"] }),
  ]);
  expect(groups.map(({ hostname, snapshots }) => [hostname, snapshots.map(({ timeMs }) => timeMs)])).toEqual([
    ["a", [4, 2]],
    ["b", [3]],
    ["a", [1]],
  ]);
});

test("names with separators in them make no common group", () => {
  const groups = groupsOf([
    fakeSnapshot({ timeMs: 2, hostname: 'a","b', paths: [] }),
    fakeSnapshot({ timeMs: 1, hostname: "a", paths: ["b"] }),
  ]);
  expect(groups.length).toBe(2);
});

test("a shortened id means a snapshot only if it means one", async () => {
  const snapshots = [
    fakeSnapshot({ timeMs: 2, id: "aa11".padEnd(64, "0") }),
    fakeSnapshot({ timeMs: 1, id: "aa12".padEnd(64, "0") }),
  ];
  const state = new Snapshots(fakeRepositoryApi({ ...preparedRepository(0), snapshots }));
  await state.reload();
  expect(state.find("aa11")?.timeMs).toBe(2);
  expect(state.find("aa1")).toBeUndefined();
  expect(state.find("bb")).toBeUndefined();
});
