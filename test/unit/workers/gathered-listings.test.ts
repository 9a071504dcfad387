import { expect, test } from "vitest";
import type { ListedFolder } from "../../../src/workers/api/folder-stats.ts";
import { gatheredListings } from "../../../src/workers/gathered-listings.ts";

const { signal } = new AbortController();

function listed(path: readonly string[]): ListedFolder {
  return { folders: [], files: [path.join("/")], sizes: [path.length], modifiedMs: [0] };
}

test("folders that are asked for in one turn are asked for together, eight at most, and each gets its answer", async () => {
  const questions: string[][][] = [];
  const list = gatheredListings(async (paths) => {
    questions.push(paths);
    return paths.map((path) => (path[0] === "3" ? null : listed(path)));
  });
  const paths = Array.from({ length: 19 }, (_, i) => [String(i)]);
  const answers = await Promise.all(paths.map((path) => list(path, signal)));
  expect(questions.map(({ length }) => length)).toEqual([8, 8, 3]);
  expect(answers).toEqual(paths.map((path) => (path[0] === "3" ? null : listed(path))));
  await list(["later"], signal);
  expect(questions.at(-1)).toEqual([["later"]]);
});

test("a question that fails is the error of all that it was about, and of no others", async () => {
  const error = new Error("the page is gone");
  const list = gatheredListings(async (paths) => {
    if (paths.length === 8) throw error;
    return paths.map(listed);
  });
  const paths = Array.from({ length: 9 }, (_, i) => [String(i)]);
  const settled = await Promise.allSettled(paths.map((path) => list(path, signal)));
  expect(settled.slice(0, 8)).toEqual(Array(8).fill({ status: "rejected", reason: error }));
  expect(settled[8]).toEqual({ status: "fulfilled", value: listed(["8"]) });
});
