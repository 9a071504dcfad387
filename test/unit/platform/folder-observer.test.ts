import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { watchFolders } from "../../../src/platform/folder-observer.ts";
import { TestClock } from "../../support/test-clock.ts";
import { MemoryFolder } from "./memory-folder.ts";

const minuteMs = 60_000;
let browser: FakeObserver[];
let clock: TestClock;
let told: (string | number)[];
let startMs: number;

/** The browser's observer: a test lets it tell of changes. */
class FakeObserver implements FileSystemObserver {
  readonly observed: string[] = [];
  isConnected = true;
  static refusal: Error | null = null;

  constructor(private readonly callback: (records: FileSystemChangeRecord[]) => void) {
    browser.push(this);
  }

  async observe(handle: FileSystemHandle, options: { recursive: boolean }): Promise<void> {
    if (FakeObserver.refusal) throw FakeObserver.refusal;
    this.observed.push(`${handle.name} ${options.recursive}`);
  }

  disconnect(): void {
    this.isConnected = false;
  }

  tell(type: FileSystemChangeRecord["type"], ...path: string[]): void {
    this.callback([{ type, relativePathComponents: path }]);
  }
}

beforeEach(() => {
  browser = [];
  clock = new TestClock();
  startMs = clock.now();
  told = [];
  FakeObserver.refusal = null;
  vi.stubGlobal("FileSystemObserver", FakeObserver);
});
afterEach(() => vi.unstubAllGlobals());

async function watch(...names: string[]) {
  const watcher = {
    onDue: () => void told.push((clock.now() - startMs) / 1000),
    onEnded: (reason: string) => void told.push(reason),
  };
  const stop = watchFolders(
    names.map((name) => new MemoryFolder(name)),
    watcher,
    clock,
  );
  await clock.advance(0);
  const [observer] = browser;
  if (observer === undefined) throw new Error("nobody observes");
  return { observer, stop };
}

test("folders are watched with all that is in them", async () => {
  const { observer, stop } = await watch("Documents", "Photos");
  expect(observer.observed).toEqual(["Documents true", "Photos true"]);
  stop();
  expect(observer.isConnected).toBe(false);
});

test("a burst of changes is told once, thirty seconds after its last", async () => {
  const { observer } = await watch("Documents");
  for (let i = 0; i < 10; i++) {
    observer.tell("modified", "letter.txt");
    await clock.advance(5000);
  }
  expect(told).toEqual([]);
  await clock.advance(10 * minuteMs);
  expect(told).toEqual([75]);
  observer.tell("appeared", "new.txt");
  await clock.advance(30_000);
  expect(told).toHaveLength(2);
});

test("what is never quiet is told every ten minutes", async () => {
  const { observer } = await watch("Documents");
  for (let i = 0; i < 25 * 6; i++) {
    observer.tell("modified", "log");
    await clock.advance(10_000);
  }
  expect(told).toEqual([600, 1200]);
});

test("what is in the folder may disappear; with the folder itself the watching ends", async () => {
  const { observer } = await watch("Documents");
  observer.tell("disappeared", "letter.txt");
  await clock.advance(30_000);
  expect(told).toEqual([30]);
  observer.tell("modified", "other.txt");
  observer.tell("disappeared");
  observer.tell("modified", "other.txt");
  await clock.advance(minuteMs);
  expect(told).toEqual([30, "gone"]);
  expect([observer.isConnected, clock.pending]).toEqual([false, 0]);
});

test("an observer that fails ends quietly, once", async () => {
  const { observer, stop } = await watch("Documents");
  observer.tell("errored");
  observer.tell("errored");
  stop();
  expect(told).toEqual(["refused"]);
});

test.each([
  ["NotFoundError", "gone"],
  ["NotAllowedError", "refused"],
])("a folder that cannot be watched because of %s is %s", async (name, reason) => {
  FakeObserver.refusal = new DOMException("no", name);
  const { observer } = await watch("Documents");
  expect(told).toEqual([reason]);
  expect(observer.isConnected).toBe(false);
});

test("nobody is told after the end", async () => {
  const { observer, stop } = await watch("Documents");
  observer.tell("modified", "letter.txt");
  stop();
  await clock.advance(minuteMs);
  expect(told).toEqual([]);
});
