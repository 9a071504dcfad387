import { cp, mkdtemp, readdir, readFile, realpath, rm, truncate, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { basename, join } from "node:path";
import { afterAll, beforeAll, beforeEach, describe, expect, test } from "vitest";
import type { CheckDataResult } from "../../src/workers/repository-api.ts";
import { quiet } from "../support/device.ts";
import { NodeTab } from "../support/node-tab.ts";
import { requirePeer } from "../support/peers.ts";
import { type RestServer, startRestServer } from "../support/rest-servers.ts";
import { describeRun, Restic } from "../support/restic.ts";
import { ResticKeys } from "../support/restic-keys.ts";
import { seededBytes, TreeWriter } from "../support/source-tree.ts";

/** Repositories that restic made, sound and damaged by hand: what restic finds in them, Holdall finds, and nothing else. */
const resticPeer = requirePeer("restic-0.18");
const serverPeer = requirePeer("rest-server");
const password = "everything is read";

describe.skipIf(resticPeer === null || serverPeer === null).each([1, 2])("a repository of format %d", (format) => {
  let folder: string;
  let server: RestServer;
  let restic: Restic;
  let template: Restic;
  let repository: string;
  let repositories = 0;

  beforeAll(async () => {
    if (serverPeer === null || resticPeer === null) return;
    folder = await realpath(await mkdtemp(join(tmpdir(), "holdall-check-")));
    server = await startRestServer(serverPeer);
    template = await Restic.open({ program: resticPeer, repository: server.resticRepository("template"), password });
    await template.succeed(["init", "--repository-version", String(format)]);
    await new ResticKeys(server, "template").makeCheap([password]);
    const tree = new TreeWriter(join(folder, "Documents"));
    tree.file("noise.bin", seededBytes(format, 9_000_000));
    tree.file("text.txt", "the same words again and again\n".repeat(50_000));
    tree.file("empty.txt", "");
    for (let file = 0; file < 300; file++) tree.file(`many/${file}.txt`, seededBytes(file, 10 * file));
    await template.succeed(["backup", "--pack-size", "4", "Documents"], { cwd: folder });
  });

  afterAll(async () => {
    await template?.close();
    await server?.close();
    if (folder) await rm(folder, { recursive: true, force: true });
  });

  beforeEach(async () => {
    if (resticPeer === null) return;
    repository = `checked-${++repositories}`;
    await cp(server.directory("template"), server.directory(repository), { recursive: true });
    restic = await Restic.open({ program: resticPeer, repository: server.resticRepository(repository), password });
    return () => restic.close();
  });

  async function check(): Promise<CheckDataResult> {
    const place = { url: server.repositoryUrl(repository), login: server.login, password };
    await using tab = await NodeTab.open(place);
    return await tab.service.checkData({}, quiet);
  }

  async function resticSaysSound(): Promise<boolean> {
    const run = await restic.run(["check", "--read-data"]);
    if (run.exitCode !== 0 && run.exitCode !== 1) throw new Error(describeRun(run));
    return run.exitCode === 0;
  }

  /** Files of all packs, the largest first. */
  async function packs(): Promise<string[]> {
    const data = join(server.directory(repository), "data");
    const found = await readdir(data, { recursive: true, withFileTypes: true });
    const paths = found.filter((entry) => entry.isFile()).map(({ parentPath, name }) => join(parentPath, name));
    const lengths = await Promise.all(paths.map(async (path) => ({ path, length: (await readFile(path)).length })));
    return lengths.sort((a, b) => b.length - a.length).map(({ path }) => path);
  }

  async function change(path: string, edit: (bytes: Buffer) => void): Promise<void> {
    const bytes = await readFile(path);
    edit(bytes);
    await rm(path);
    await writeFile(path, bytes);
  }

  const flip = (offset: (length: number) => number) => async (path: string) =>
    change(path, (bytes) => {
      const at = offset(bytes.length);
      bytes[at] = (bytes[at] ?? 0) ^ 1;
    });

  test("that is sound is found sound, and each pack is read", async () => {
    const result = await check();
    expect(result).toMatchObject({ failures: [], unnamedPacks: 0, packs: (await packs()).length });
    expect(await resticSaysSound()).toBe(true);
  });

  test.each([
    ["a bit of a blob was altered", flip((length) => Math.floor(length / 2)), ["file-hash-mismatch", "mac-mismatch"]],
    ["a bit of a header was altered", flip((length) => length - 30), ["file-hash-mismatch", "mac-mismatch"]],
    ["a bit of a header's length was altered", flip((length) => length - 1), ["pack-header-malformed"]],
    ["a pack was cut off", (path: string) => truncate(path, 100_000), ["pack-length-mismatch", "file-hash-mismatch"]],
    ["a pack is gone", (path: string) => rm(path), ["pack-missing"]],
    ["a pack is another", async (path: string) => cp((await packs()).at(-1) ?? "", path), ["file-hash-mismatch"]],
  ])("in which %s is found damaged by both", async (_, damage, codes) => {
    const [path = ""] = await packs();
    await damage(path);
    const { failures } = await check();
    expect(new Set(failures.map((failure) => failure.path))).toEqual(new Set([`data/${basename(path)}`]));
    const found = failures.map(({ code }) => code);
    for (const code of codes) expect(found).toContain(code);
    expect(await resticSaysSound()).toBe(false);
  });

  test("with a pack that no index names is sound for both, and the pack is counted", async () => {
    const bytes = seededBytes(99, 5000);
    await using tab = await NodeTab.open({ url: server.repositoryUrl(repository), login: server.login, password });
    const id = Buffer.from(await crypto.subtle.digest("SHA-256", new Uint8Array(bytes))).toString("hex");
    await fetch(`${server.repositoryUrl(repository)}data/${id}`, { method: "POST", body: new Uint8Array(bytes) });
    const result = await tab.service.checkData({}, quiet);
    expect(result).toMatchObject({ failures: [], unnamedPacks: 1, unnamedBytes: 5000 });
    expect(await resticSaysSound()).toBe(true);
  });
});
