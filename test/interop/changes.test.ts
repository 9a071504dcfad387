import { execFileSync } from "node:child_process";
import { readdirSync, rmSync, writeFileSync } from "node:fs";
import { cp, mkdtemp, readFile, realpath, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { noRules } from "../../src/core/archiver/backup-rules.ts";
import type { BackupRequest, BackupResult, BackupSet, BackupSource } from "../../src/workers/repository-api.ts";
import { quiet } from "../support/device.ts";
import { NodeTab } from "../support/node-tab.ts";
import { requirePeer } from "../support/peers.ts";
import { type RestServer, startRestServer } from "../support/rest-servers.ts";
import { Restic } from "../support/restic.ts";
import { ResticKeys } from "../support/restic-keys.ts";
import { describeTree, differences, seededBytes, TreeWriter } from "../support/source-tree.ts";

/** Losses and changes that nothing tells of: packs that vanish on the server, contents that change under an old time. */
const resticPeer = requirePeer("restic-0.18");
const serverPeer = requirePeer("rest-server");
const password = "nothing is told";
const hostname = "changes-browser";
const modified = new Date("2024-05-06T07:08:09Z");

describe.skipIf(resticPeer === null || serverPeer === null)("what nobody tells", () => {
  let folder: string;
  let server: RestServer;
  let restic: Restic;
  let repository: string;
  let source: string;
  let repositories = 0;

  beforeAll(async () => {
    if (serverPeer === null) return;
    folder = await realpath(await mkdtemp(join(tmpdir(), "holdall-changes-")));
    server = await startRestServer(serverPeer);
    // Made once and copied: its first key takes seconds to make and to open.
    repository = "template";
    const tab = await NodeTab.create(place(), 2);
    await tab[Symbol.asyncDispose]();
    await new ResticKeys(server, repository).makeCheap([password]);
  });

  afterAll(async () => {
    await server?.close();
    await rm(folder, { recursive: true, force: true });
  });

  beforeEach(async () => {
    if (resticPeer === null) return;
    repository = `changes-${++repositories}`;
    source = join(folder, repository, "Documents");
    await cp(server.directory("template"), server.directory(repository), { recursive: true });
    restic = await Restic.open({ program: resticPeer, repository: server.resticRepository(repository), password });
    return () => restic.close();
  });

  const place = () => ({ url: server.repositoryUrl(repository), login: server.login, password });

  /** A run of a tab that has just been opened. */
  async function backUp(sources?: BackupSource[], changes: Partial<BackupRequest> = {}): Promise<BackupResult> {
    await using tab = await NodeTab.open(place());
    return await tab.backup({
      hostname,
      sources: sources ?? [tab.folderSource("Documents", source)],
      ...changes,
    });
  }

  /** What restic makes of a snapshot, below a name of its root. */
  async function restoredByRestic({ snapshot }: BackupResult, rootName = "Documents"): Promise<string> {
    const target = await mkdtemp(join(folder, "restored-"));
    await restic.succeed(["restore", snapshot?.id ?? "", "--target", target]);
    return join(target, rootName);
  }

  async function expectWhole(result: BackupResult): Promise<void> {
    expect(differences(await describeTree(source), await describeTree(await restoredByRestic(result)))).toEqual([]);
  }

  /** Where the server keeps its packs, by their ids. */
  function packs(): Map<string, string> {
    const entries = readdirSync(join(server.directory(repository), "data"), { recursive: true, withFileTypes: true });
    const files = entries.filter((entry) => entry.isFile());
    return new Map(files.map((entry) => [entry.name, join(entry.parentPath, entry.name)]));
  }

  /** The ids of the packs that hold trees, or those that hold data. */
  async function packsOf(type: "tree" | "data"): Promise<string[]> {
    const { stdout } = await restic.succeed(["list", "index", "--no-lock"]);
    const holding: string[] = [];
    for (const id of stdout.toString("utf8").trim().split("\n")) {
      const index = (await restic.json<StoredIndex>(["cat", "index", id, "--no-lock"]))[0];
      for (const pack of index?.packs ?? []) if (pack.blobs.some((blob) => blob.type === type)) holding.push(pack.id);
    }
    return holding;
  }

  function fillSource(): TreeWriter {
    const tree = new TreeWriter(source);
    for (let i = 0; i < 5; i++) tree.file(`folder ${i}/file.bin`, seededBytes(100 + i, 300_000), modified);
    tree.file("notes.txt", "a line\n".repeat(1000), modified);
    return tree;
  }

  describe("a pack that the server has lost, while the index still names it", () => {
    test.each(["data", "tree"] as const)(
      "of %s is stored again by a backup in which no file has changed",
      async (type) => {
        fillSource();
        await backUp();
        const lost = await packsOf(type);
        expect(lost.length).toBeGreaterThan(0);
        for (const id of lost) rmSync(packs().get(id) ?? "");

        const second = await backUp();
        expect(second).toMatchObject({ outcome: "stored", failures: [], lostPacks: lost.length });
        expect(type === "data" ? second.dataBlobs : second.treeBlobs).toBeGreaterThan(0);
        await expectWhole(second);

        const third = await backUp();
        expect(third, "what was stored again is found again").toMatchObject({
          dataBlobs: 0,
          treeBlobs: 0,
          failures: [],
        });
        await restic.succeed(["repair", "index"]);
        await restic.succeed(["check", "--read-data"]);
        await expectWhole(third);
      },
    );

    test("or has cut short counts as lost", async () => {
      fillSource();
      await backUp();
      const [cut = ""] = await packsOf("data");
      const path = packs().get(cut) ?? "";
      writeFileSync(path, (await readFile(path)).subarray(0, 1000));
      const second = await backUp();
      expect(second).toMatchObject({ outcome: "stored", failures: [], lostPacks: 1 });
      await expectWhole(second);
    });

    test("is told even if nothing that is backed up now needs it any more", async () => {
      const tree = fillSource();
      tree.file("only then.bin", seededBytes(9, 400_000), modified);
      await backUp();
      for (const id of await packsOf("data")) rmSync(packs().get(id) ?? "");
      rmSync(join(source, "only then.bin"));
      const second = await backUp();
      expect(second.lostPacks).toBeGreaterThan(0);
      await expectWhole(second);
    });

    test("is named by file where the file is no longer picked", async () => {
      const first = new TextEncoder().encode("a photo of the first pick");
      const second = new TextEncoder().encode("a photo of the second pick");
      await backUp([picked("first.jpg", first)]);
      for (const id of await packsOf("data")) rmSync(packs().get(id) ?? "");
      const result = await backUp([picked("second.jpg", second)]);
      expect(result.failures.map(({ path }) => path)).toEqual([expect.stringContaining("first.jpg")]);
      const restored = await describeTree(await restoredByRestic(result, "Photos"));
      expect([...restored.keys()]).toContain("second.jpg");
    });
  });

  describe("a change that keeps size and time", () => {
    const rereadEvery = 4;

    test.each(["x.hc", "disk.qcow2", "mail.pst", "app.sqlite"])("of %s is stored by the next run", async (name) => {
      fillSource().file(name, seededBytes(3, 50_000), modified);
      await backUp();
      changeUnseen(name, seededBytes(4, 50_000));
      const second = await backUp(undefined, { rereadEvery: null });
      expect(second).toMatchObject({ failures: [], hiddenChanges: 1 });
      await expectWhole(second);
    });

    test("of any other file is stored within as many runs of its set as are named, and by none if none is named", async () => {
      const names = Array.from({ length: 12 }, (_, i) => `x${i}.bin`);
      const tree = fillSource();
      for (const [i, name] of names.entries()) tree.file(name, seededBytes(10 + i, 20_000), modified);
      await backUp();
      for (const [i, name] of names.entries()) changeUnseen(name, seededBytes(50 + i, 20_000));
      const control = await backUp(undefined, { rereadEvery: null });
      expect(control).toMatchObject({ rereadFiles: 0, hiddenChanges: 0, dataBlobs: 0 });

      await using tab = await NodeTab.open(place());
      await tab.service.saveSet({ set: aSet }, quiet);
      const sources = [tab.folderSource("Documents", source)];
      const runs: BackupResult[] = [];
      for (let run = 0; run < rereadEvery; run++) {
        runs.push(await tab.backup({ hostname, sources, rereadEvery, setId: aSet.id }));
      }
      const sum = (values: number[]) => values.reduce((total, value) => total + value, 0);
      expect(sum(runs.map(({ hiddenChanges }) => hiddenChanges))).toBe(names.length);
      // All of the files that seemed unchanged, once each.
      expect(sum(runs.map(({ rereadFiles }) => rereadFiles))).toBe(names.length + 6);
      await expectWhole(runs.at(-1) as BackupResult);
    });

    /** As `touch -r` does it: other bytes, the same length and time. */
    function changeUnseen(name: string, bytes: Buffer): void {
      const path = join(source, name);
      const reference = join(folder, "reference");
      execFileSync("cp", ["-p", path, reference]);
      writeFileSync(path, bytes);
      execFileSync("touch", ["-r", reference, path]);
    }
  });
});

interface StoredIndex {
  packs: { id: string; blobs: { type: "tree" | "data" }[] }[];
}

const aSet: BackupSet = {
  id: "documents",
  name: "Documents",
  hostname,
  sources: [{ id: "only", rootName: "Documents", kind: "folder" }],
  tags: [],
  compression: "auto",
  rules: noRules,
  packSizeBytes: null,
  uploadLimit: null,
  skipIfUnchanged: false,
  rereadEvery: 4,
  reminderDays: null,
  runsOnChange: false,
};

function picked(name: string, bytes: Uint8Array<ArrayBuffer>): BackupSource {
  const file = new File([bytes], name, { lastModified: modified.getTime() });
  const folder = { kind: "files" as const, files: [{ path: [name], file }], emptyFolders: [] };
  return { rootName: "Photos", folder, addsToParent: true };
}
