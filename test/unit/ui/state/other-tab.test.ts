import { expect, test } from "vitest";
import { OtherTab } from "../../../../src/ui/state/other-tab.svelte.ts";
import type { WriterState } from "../../../../src/workers/repository-api.ts";
import { preparedRepository } from "../../../browser/pictures/repository.ts";
import { fakeRepositoryApi } from "../../../support/fake-repository-api.ts";

const elsewhere: WriterState = { state: "elsewhere", progress: null };

test("another tab's backup is shown while it is watched", async () => {
  const tab = new OtherTab(fakeRepositoryApi({ ...preparedRepository(0), writer: elsewhere }));
  expect(tab.writer.state).toBe("none");
  const stop = tab.watch();
  expect(tab.writer).toEqual(elsewhere);
  stop();
  await expect.poll(() => tab.writer.state).toBe("none");
});

test("what is told after the watching ended is not shown", () => {
  let tell: ((writer: WriterState) => void) | undefined;
  const tab = new OtherTab({
    watchWriter: (_none, context) => {
      tell = context?.onProgress;
      return new Promise(() => {});
    },
  });
  tab.watch()();
  tell?.(elsewhere);
  expect(tab.writer.state).toBe("none");
});

test("a browser that cannot tell of other tabs shows none", async () => {
  const tab = new OtherTab({
    watchWriter: async (_none, context) => {
      context?.onProgress?.(elsewhere);
      throw new Error("no broadcasts here");
    },
  });
  tab.watch();
  await expect.poll(() => tab.writer.state).toBe("none");
});
