import { setMaxListeners } from "node:events";
import fc from "fast-check";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import type { Backend, FileType, Handle, NamedFileType } from "../../src/core/backend/backend.ts";
import { type Bytes, utf8 } from "../../src/core/base/bytes.ts";
import { hashId, type Id } from "../../src/core/base/id.ts";

export interface BackendWorld {
  /** An empty place, on which create() was not called yet. */
  backend: Backend;
  /** Puts a file of any name into a type's folder, past the backend. Left out where there is no such way. */
  plant?(type: NamedFileType, name: string, bytes: Bytes): Promise<void>;
  close(): Promise<void>;
}

const namedTypes: readonly NamedFileType[] = ["key", "data", "index", "snapshot", "lock"];
const config: Handle = { type: "config" };

/** What every backend promises (backend.ts), as tests; `setup` makes a new world for each of them. */
export function backendContract(name: string, setup: () => Promise<BackendWorld>): void {
  describe(`backend contract: ${name}`, () => {
    let world: BackendWorld;
    let backend: Backend;
    const { signal } = new AbortController();
    // Many operations wait on one signal here, which Node takes for a leak.
    setMaxListeners(0, signal);

    const begin = async () => {
      world = await setup();
      backend = world.backend;
      await backend.create(signal);
    };
    beforeEach(begin);
    afterEach(() => world.close());

    const store = async (type: NamedFileType, bytes: Bytes) => {
      const handle = { type, id: await hashId(bytes) };
      await backend.save(handle, bytes, signal);
      return handle;
    };

    test("an empty place has no config and no files", async () => {
      expect(await backend.stat(config, signal)).toBeNull();
      for (const type of namedTypes) expect(await backend.list(type, signal)).toEqual([]);
    });

    test("creating again does no harm", async () => {
      const handle = await store("key", utf8("kept"));
      await backend.create(signal);
      expect(await backend.load(handle, signal)).toEqual(utf8("kept"));
    });

    test("a file of every type is stored, measured, listed, loaded and removed", async () => {
      await backend.save(config, utf8("config"), signal);
      expect(await backend.stat(config, signal)).toBe(6);
      expect(await backend.load(config, signal)).toEqual(utf8("config"));
      for (const type of namedTypes) {
        const bytes = utf8(`contents of a ${type}`);
        const handle = await store(type, bytes);
        expect(await backend.stat(handle, signal), type).toBe(bytes.length);
        expect(await backend.list(type, signal), type).toEqual([{ id: handle.id, length: bytes.length }]);
        expect(await backend.load(handle, signal), type).toEqual(bytes);
        await backend.remove(handle, signal);
        expect(await backend.stat(handle, signal), type).toBeNull();
        expect(await backend.list(type, signal), type).toEqual([]);
      }
      await backend.remove(config, signal);
      expect(await backend.stat(config, signal)).toBeNull();
    });

    test("types do not share names", async () => {
      const handle = await store("index", utf8("same"));
      await store("snapshot", utf8("same"));
      await backend.remove(handle, signal);
      expect(await backend.list("index", signal)).toEqual([]);
      expect(await backend.list("snapshot", signal)).toHaveLength(1);
    });

    test("a missing file is not found, and removing it is no error", async () => {
      await backend.save(config, utf8("config"), signal);
      for (const type of namedTypes) {
        const handle = { type, id: await hashId(utf8("nowhere")) };
        expect(await backend.stat(handle, signal), type).toBeNull();
        const missing = { name: "BackendError", code: "not-found", retry: "never" };
        await expect(backend.load(handle, signal), type).rejects.toMatchObject(missing);
        await expect(backend.load(handle, signal, { offset: 0, length: 1 }), type).rejects.toMatchObject(missing);
        await expect(backend.load(handle, signal, { offset: 0, length: 0 }), type).rejects.toMatchObject(missing);
        await backend.remove(handle, signal);
      }
    });

    test("a range is exactly what was asked for", async () => {
      const bytes = variedBytes(300_000);
      const handle = await store("data", bytes);
      const ranges: [number, number][] = [
        [0, 1],
        [0, 300_000],
        [1, 4096],
        [150_000, 100_000],
        [299_999, 1],
        [5, 0],
        [300_000, 0],
      ];
      for (const [offset, length] of ranges) {
        const loaded = await backend.load(handle, signal, { offset, length });
        expect(Buffer.compare(loaded, bytes.subarray(offset, offset + length)), `${offset}+${length}`).toBe(0);
      }
    });

    test("a range of the config is what was asked for", async () => {
      await backend.save(config, utf8("configuration"), signal);
      expect(await backend.load(config, signal, { offset: 3, length: 4 })).toEqual(utf8("figu"));
      await expect(backend.load(config, signal, { offset: 3, length: 40 })).rejects.toMatchObject({
        code: "range-refused",
      });
    });

    test("a range that ends behind the file is refused, for good", async () => {
      const handle = await store("data", utf8("0123456789"));
      for (const [offset, length] of [
        [0, 11],
        [9, 2],
        [10, 1],
        [500, 20],
        [11, 0],
      ] as const) {
        await expect(backend.load(handle, signal, { offset, length }), `${offset}+${length}`).rejects.toMatchObject({
          name: "BackendError",
          code: "range-refused",
          retry: "never",
        });
      }
    });

    test("a range that is none is the caller's mistake", async () => {
      const handle = await store("data", utf8("0123456789"));
      for (const [offset, length] of [
        [-1, 2],
        [0, -1],
        [0.5, 1],
        [Number.MAX_SAFE_INTEGER, 2],
        [0, Number.NaN],
      ] as const) {
        await expect(backend.load(handle, signal, { offset, length })).rejects.toBeInstanceOf(RangeError);
      }
    });

    test("an empty file is a file", async () => {
      const handle = await store("lock", new Uint8Array(0));
      expect(await backend.stat(handle, signal)).toBe(0);
      expect(await backend.list("lock", signal)).toEqual([{ id: handle.id, length: 0 }]);
      expect(await backend.load(handle, signal)).toHaveLength(0);
    });

    test("storing the same file again succeeds", async () => {
      const handle = await store("data", utf8("twice"));
      await backend.save(handle, utf8("twice"), signal);
      expect(await backend.list("data", signal)).toHaveLength(1);
      await backend.save(config, utf8("config"), signal);
      await backend.save(config, utf8("config"), signal);
    });

    test("a config is never overwritten by another", async () => {
      await backend.save(config, utf8("first"), signal);
      for (const other of ["other", "longer than the first"]) {
        await expect(backend.save(config, utf8(other), signal)).rejects.toMatchObject({
          name: "BackendError",
          code: "already-exists",
          retry: "never",
        });
      }
      expect(await backend.load(config, signal)).toEqual(utf8("first"));
    });

    test("a removed file can be stored again", async () => {
      const handle = await store("snapshot", utf8("again"));
      await backend.remove(handle, signal);
      await backend.save(handle, utf8("again"), signal);
      expect(await backend.load(handle, signal)).toEqual(utf8("again"));
    });

    test("stored bytes do not change with the buffers that went in and came out", async () => {
      const bytes = utf8("unchanged");
      const handle = await store("data", bytes);
      bytes.fill(0);
      const loaded = await backend.load(handle, signal);
      expect(loaded).toEqual(utf8("unchanged"));
      loaded.fill(1);
      (await backend.load(handle, signal, { offset: 0, length: 4 })).fill(2);
      expect(await backend.load(handle, signal)).toEqual(utf8("unchanged"));
    });

    test("a part of a larger buffer is stored as that part alone", async () => {
      const handle = await store("data", utf8("--part--").subarray(2, 6));
      expect(await backend.load(handle, signal)).toEqual(utf8("part"));
    });

    test("a large file comes back whole", async () => {
      const bytes = variedBytes(5_000_001);
      const handle = await store("data", bytes);
      expect(Buffer.compare(await backend.load(handle, signal), bytes)).toBe(0);
    });

    test("many operations at once all end", async () => {
      const files = Array.from({ length: 40 }, (_, i) => utf8(`file ${i}`));
      const handles = await Promise.all(files.map((bytes) => store("data", bytes)));
      const loaded = await Promise.all(handles.map((handle) => backend.load(handle, signal)));
      expect(loaded).toEqual(files);
      expect(await backend.list("data", signal)).toHaveLength(40);
      await Promise.all(handles.map((handle) => backend.remove(handle, signal)));
      expect(await backend.list("data", signal)).toEqual([]);
    });

    test("nothing begins once the signal is aborted, and its reason is the error", async () => {
      const handle = await store("data", utf8("there"));
      const controller = new AbortController();
      controller.abort();
      const { reason } = controller.signal as { reason: unknown };
      const other = { type: "data", id: await hashId(utf8("other")) } as const;
      await expect(backend.create(controller.signal)).rejects.toBe(reason);
      await expect(backend.stat(handle, controller.signal)).rejects.toBe(reason);
      await expect(backend.list("data", controller.signal)).rejects.toBe(reason);
      await expect(backend.list("lock", controller.signal)).rejects.toBe(reason);
      await expect(backend.load(handle, controller.signal)).rejects.toBe(reason);
      await expect(backend.save(other, utf8("other"), controller.signal)).rejects.toBe(reason);
      await expect(backend.remove(handle, controller.signal)).rejects.toBe(reason);
      expect(await backend.list("data", signal)).toEqual([{ id: handle.id, length: 5 }]);
    });

    test("an operation that is aborted while it runs ends with the reason or with its result", async () => {
      const bytes = variedBytes(2_000_000);
      const handle = await store("data", bytes);
      const controller = new AbortController();
      const loads = Array.from({ length: 8 }, () => backend.load(handle, controller.signal));
      controller.abort(new DOMException("enough", "AbortError"));
      for (const load of await Promise.allSettled(loads)) {
        if (load.status === "rejected") expect(load.reason).toBe(controller.signal.reason);
        else expect(load.value).toHaveLength(bytes.length);
      }
      expect(await backend.load(handle, signal)).toHaveLength(bytes.length);
    });

    test("the location holds no login", () => {
      expect(backend.location).not.toContain("@");
      expect(backend.connections).toBeGreaterThanOrEqual(1);
    });

    test("names that are no ids are not listed", async () => {
      if (!world.plant) return;
      const { id } = await store("index", utf8("real"));
      const junk = ["README", `${id}.tmp`, id.toUpperCase().replace(/[0-9]$/, "A"), id.slice(1)];
      for (const name of junk) await world.plant("index", name, utf8("junk"));
      expect(await backend.list("index", signal)).toEqual([{ id, length: 4 }]);
    });

    test("any sequence of operations does what it would do to a plain map", async () => {
      const contents = await Promise.all(
        ["", "a", "bb", "ccc"].map(async (text) => ({ bytes: utf8(text), id: await hashId(utf8(text)) })),
      );
      const step = fc.record({
        operation: fc.constantFrom("save", "load", "remove", "stat", "list"),
        type: fc.constantFrom<NamedFileType>("data", "index", "lock"),
        content: fc.nat({ max: contents.length - 1 }),
      });
      const run = async (steps: readonly { operation: string; type: NamedFileType; content: number }[]) => {
        // In a world of its own, so that a counterexample is one without the runs before it.
        await world.close();
        await begin();
        const model = new Map<FileType, Map<Id, Bytes>>();
        for (const { operation, type, content } of steps) {
          const { bytes, id } = contents[content] as (typeof contents)[number];
          const files = model.get(type) ?? new Map<Id, Bytes>();
          model.set(type, files);
          const handle = { type, id };
          if (operation === "save") await backend.save(handle, bytes, signal).then(() => files.set(id, bytes));
          if (operation === "remove") await backend.remove(handle, signal).then(() => files.delete(id));
          if (operation === "stat") expect(await backend.stat(handle, signal)).toBe(files.get(id)?.length ?? null);
          if (operation === "load") {
            const loaded = await backend.load(handle, signal).catch((error: unknown) => error);
            expect(loaded).toEqual(files.get(id) ?? expect.objectContaining({ code: "not-found" }));
          }
          if (operation === "list") {
            const listed = (await backend.list(type, signal)).map((file) => file.id).sort();
            expect(listed).toEqual([...files.keys()].sort());
          }
        }
      };
      await fc.assert(fc.asyncProperty(fc.array(step, { maxLength: 12 }), run), { numRuns: 15 });
    });
  });
}

/** Bytes without a short period, so that a wrong offset shows. */
function variedBytes(length: number): Bytes {
  return new Uint8Array(length).map((_, i) => i * 31 + (i >> 8) + (i >> 16));
}
