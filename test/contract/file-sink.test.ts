import { mkdirSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { readdir } from "node:fs/promises";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { utf8 } from "../../src/core/base/bytes.ts";
import { folderSinkOf } from "../../src/platform/folder-sink.ts";
import { MemorySink } from "../support/memory-folder.ts";
import { NodeFolderSink } from "../support/node-folder-sink.ts";
import { MemoryFile, MemoryFolder } from "../unit/platform/memory-folder.ts";
import { fileSinkContract } from "./file-sink-contract.ts";

fileSinkContract("memory", async () => {
  const sink = new MemorySink();
  return {
    sink,
    put: async (path, content) => void sink.files.set(path.join("/"), utf8(content)),
    tree: async () => ({
      ...Object.fromEntries([...sink.folders].map((path) => [path, "folder"])),
      ...Object.fromEntries([...sink.files].map(([path, bytes]) => [path, Buffer.from(bytes).toString()])),
    }),
    close: async () => {},
  };
});

fileSinkContract("a folder of this machine", async () => {
  const root = mkdtempSync(join(tmpdir(), "holdall-sink-"));
  return {
    sink: new NodeFolderSink(root, "text"),
    put: async (path, content) => {
      const target = join(root, ...path);
      mkdirSync(dirname(target), { recursive: true });
      writeFileSync(target, content);
    },
    async tree() {
      const paths = await readdir(root, { recursive: true });
      // Files that are still being written are nobody's yet.
      const shown = paths.filter((path) => !path.endsWith(".partial"));
      return Object.fromEntries(shown.map((path) => [path, describePath(join(root, path))]));
    },
    close: async () => rmSync(root, { recursive: true, force: true }),
  };
});

fileSinkContract("a picked folder of the browser", async () => {
  const root = new MemoryFolder("target");
  let modifiedMs = 0;
  return {
    sink: folderSinkOf(root),
    async put([name = ""], content) {
      // A handle stands for a path, so what is there stays the same object.
      const file = root.children.get(name) ?? root.addFile(name, content);
      if (file instanceof MemoryFile) Object.assign(file, { content: utf8(content), modifiedMs: ++modifiedMs });
    },
    tree: async () =>
      Object.fromEntries(
        Object.entries(root.tree()).map(([path, content]) =>
          path.endsWith("/") ? [path.slice(0, -1), "folder"] : [path, content],
        ),
      ),
    close: async () => {},
  };
});

function describePath(path: string): string {
  return statSync(path).isDirectory() ? "folder" : readFileSync(path, "utf8");
}
