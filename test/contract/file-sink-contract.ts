import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { type Bytes, utf8 } from "../../src/core/base/bytes.ts";
import type { FileSink, FileWriter } from "../../src/core/base/ports.ts";

export interface SinkWorld {
  sink: FileSink;
  /** Puts a file there past the sink, over what has its name. */
  put(path: readonly string[], content: string): Promise<void>;
  /** What is there by path: contents of files, "folder" for folders. */
  tree(): Promise<Record<string, string>>;
  close(): Promise<void>;
}

/** What every sink promises (base/ports.ts), as tests; `setup` makes an empty world for each of them. */
export function fileSinkContract(name: string, setup: () => Promise<SinkWorld>): void {
  describe(`file sink contract: ${name}`, () => {
    let world: SinkWorld;
    let sink: FileSink;
    beforeEach(async () => {
      world = await setup();
      sink = world.sink;
    });
    afterEach(() => world.close());

    async function amendable(path: readonly string[]) {
      const existing = await sink.existing(path);
      if (existing === null) throw new Error("nothing there");
      return existing;
    }

    test("parts of a file may be written in any order and at once, and are there after close", async () => {
      await sink.folder(["a"]);
      const writer = await sink.file(["a", "f"], 9, false);
      await Promise.all([writer.write(6, utf8("ghi")), writer.write(0, utf8("abc")), writer.write(3, utf8("def"))]);
      expect((await world.tree())["a/f"] ?? "").toBe("");
      await writer.close();
      expect(await world.tree()).toEqual({ a: "folder", "a/f": "abcdefghi" });
    });

    test("an empty file is a file", async () => {
      await (await sink.file(["empty"], 0, false)).close();
      expect(await world.tree()).toEqual({ empty: "" });
    });

    test("a file that is there is kept unless it is to be replaced", async () => {
      await world.put(["f"], "old and long");
      await expect(sink.file(["f"], 3, false)).rejects.toMatchObject({ code: "exists-already" });
      expect(await world.tree()).toEqual({ f: "old and long" });
      await writeAll(await sink.file(["f"], 3, true), "new");
      expect(await world.tree()).toEqual({ f: "new" });
    });

    test("nothing remains of an aborted file, and what it was to replace stays", async () => {
      await world.put(["old"], "old");
      for (const name of ["new", "old"]) {
        const writer = await sink.file([name], 4, true);
        await writer.write(0, utf8("part"));
        await writer.abort();
      }
      expect(await world.tree()).toEqual({ old: "old" });
    });

    test("looking for a file makes nothing, and finds what is there by then", async () => {
      expect(await sink.existing(["a", "b", "f"])).toBeNull();
      expect(await world.tree()).toEqual({});
      await sink.folder(["a"]);
      await sink.folder(["a", "b"]);
      expect(await sink.existing(["a", "b", "f"])).toBeNull();
      await writeAll(await sink.file(["a", "b", "f"], 4, false), "text");
      expect(await (await sink.existing(["a", "b", "f"]))?.blob.text()).toBe("text");
    });

    test("a folder in a file's place, or a file in a folder's, exists already", async () => {
      await sink.folder(["x"]);
      await world.put(["y"], "");
      await expect(sink.file(["x"], 1, true)).rejects.toMatchObject({ code: "exists-already" });
      await expect(sink.existing(["x"])).rejects.toMatchObject({ code: "exists-already" });
      await expect(sink.folder(["y"])).rejects.toMatchObject({ code: "exists-already" });
    });

    test("an amended file keeps what is not written, and changes by close only", async () => {
      await world.put(["f"], "one two three");
      const existing = await amendable(["f"]);
      expect(existing.blob.size).toBe(13);
      const writer = await existing.amend(13);
      await writer.write(4, utf8("TWO"));
      expect(await world.tree()).toEqual({ f: "one two three" });
      await writer.close();
      expect(await world.tree()).toEqual({ f: "one TWO three" });
    });

    test.each([
      [3, "one"],
      [15, "one two three\0\0"],
    ])("a file that is amended to %d bytes has so many", async (size, content) => {
      await world.put(["f"], "one two three");
      const writer = await (await amendable(["f"])).amend(size);
      await writer.close();
      expect(await world.tree()).toEqual({ f: content });
    });

    test("an amendment that is aborted leaves the file as it was", async () => {
      await world.put(["f"], "one two three");
      const writer = await (await amendable(["f"])).amend(3);
      await writer.write(0, utf8("ONE"));
      await writer.abort();
      expect(await world.tree()).toEqual({ f: "one two three" });
    });

    test("a file that changed since it was looked at is not amended", async () => {
      await world.put(["f"], "before");
      const existing = await amendable(["f"]);
      await world.put(["f"], "and after");
      await expect(existing.amend(6)).rejects.toMatchObject({ code: "target-changed" });
      expect(await world.tree()).toEqual({ f: "and after" });
    });
  });
}

async function writeAll(writer: FileWriter, content: string): Promise<void> {
  const bytes: Bytes = utf8(content);
  await writer.write(0, bytes);
  await writer.close();
}
