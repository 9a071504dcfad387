import { setMaxListeners } from "node:events";
import { describe, expect, test } from "vitest";
import type { Backend, Handle } from "../../../../src/core/backend/backend.ts";
import { MemoryBackend } from "../../../../src/core/backend/memory.ts";
import { withLimit } from "../../../../src/core/backend/with-limit.ts";
import { utf8 } from "../../../../src/core/base/bytes.ts";
import { hashId, type Id } from "../../../../src/core/base/id.ts";

const { signal } = new AbortController();
setMaxListeners(0, signal);
const id: Id = await hashId(utf8("x"));
const pack: Handle = { type: "data", id };
const lock: Handle = { type: "lock", id };

/** A backend whose stat waits until it is let go, and which counts how many do. */
class WaitingBackend extends MemoryBackend {
  running = 0;
  peak = 0;
  readonly started: Handle[] = [];
  private readonly waiting: (() => void)[] = [];

  override async stat(handle: Handle): Promise<number | null> {
    this.started.push(handle);
    this.peak = Math.max(this.peak, ++this.running);
    await new Promise<void>((resolve) => this.waiting.push(resolve));
    this.running--;
    return 1;
  }

  async letGo(): Promise<void> {
    this.waiting.shift()?.();
    await turn();
  }
}

/** Lets everything run that waits for nothing. */
async function turn(): Promise<void> {
  await new Promise((resolve) => setImmediate(resolve));
}

describe("a limit", () => {
  test("is never passed, and all get their turn in order", async () => {
    const backend = new WaitingBackend();
    const limited = withLimit(backend, 3);
    const handles = await Promise.all(
      Array.from({ length: 20 }, async (_, i): Promise<Handle> => ({ type: "data", id: await hashId(utf8(`${i}`)) })),
    );
    const all = handles.map((handle) => limited.stat(handle, signal));
    await turn();
    expect(backend.running).toBe(3);
    for (let i = 0; i < 20; i++) await backend.letGo();
    expect(await Promise.all(all)).toHaveLength(20);
    expect(backend.peak).toBe(3);
    expect(backend.started).toEqual(handles);
  });

  test("does not hold up lock files and listings", async () => {
    const backend = new WaitingBackend();
    const limited = withLimit(backend, 1);
    const busy = limited.stat(pack, signal);
    await limited.save(lock, utf8("lock"), signal);
    expect(await limited.list("lock", signal)).toHaveLength(1);
    expect(await limited.list("data", signal)).toEqual([]);
    expect(await limited.load(lock, signal)).toEqual(utf8("lock"));
    await limited.remove(lock, signal);
    await backend.letGo();
    await busy;
  });

  test("gives the place back after a failure", async () => {
    const limited = withLimit(new MemoryBackend(), 1);
    for (let i = 0; i < 3; i++) await expect(limited.load(pack, signal)).rejects.toMatchObject({ code: "not-found" });
    await limited.save(pack, utf8("x"), signal);
  });

  test("lets go whoever leaves the queue, and holds no place for him", async () => {
    const backend = new WaitingBackend();
    const limited = withLimit(backend, 1);
    const first = limited.stat(pack, signal);
    const controller = new AbortController();
    const left = limited.stat(pack, controller.signal);
    const third = limited.stat(pack, signal);
    controller.abort();
    await expect(left).rejects.toBe(controller.signal.reason);
    await backend.letGo();
    await backend.letGo();
    await Promise.all([first, third]);
    expect(backend.started).toHaveLength(2);
  });

  test("is what the backend then says of itself", () => {
    const limited: Backend = withLimit(new MemoryBackend(), 2);
    expect(limited.connections).toBe(2);
    expect(() => withLimit(new MemoryBackend(), 0)).toThrow(RangeError);
    expect(() => withLimit(new MemoryBackend(), 1.5)).toThrow(RangeError);
  });
});
