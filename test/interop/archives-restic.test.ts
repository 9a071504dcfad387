import { execFileSync } from "node:child_process";
import { chmodSync, linkSync, mkdirSync, symlinkSync } from "node:fs";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { requirePeer } from "../support/peers.ts";
import { type RestServer, startRestServer } from "../support/rest-servers.ts";
import { Restic } from "../support/restic.ts";
import { ResticKeys } from "../support/restic-keys.ts";
import { makeSourceTree, smallSize, TreeWriter } from "../support/source-tree.ts";
import { treeState } from "../support/tree-state.ts";
import { Engine, type EngineLocation } from "./engine.ts";

/** A tar of what restic backed up, unpacked by GNU tar, against what restic itself restores of it. */
const resticPeer = requirePeer("restic-0.18");
const serverPeer = requirePeer("rest-server");
const python = requirePeer("python");
const tar = requirePeer("tar");
const password = "archives";

describe.skipIf(resticPeer === null || serverPeer === null || python === null || tar === null)("a tar", () => {
  let folder: string;
  let server: RestServer;
  let location: EngineLocation;
  let restic: Restic;

  beforeAll(async () => {
    if (resticPeer === null || serverPeer === null) return;
    folder = await mkdtemp(join(tmpdir(), "holdall-archives-restic-"));
    server = await startRestServer(serverPeer);
    location = { url: server.repositoryUrl("tar"), login: server.login, password };
    (await Engine.create(location, 2)).close();
    await new ResticKeys(server, "tar").makeCheap([password]);
    restic = await Restic.open({ program: resticPeer, repository: server.resticRepository("tar"), password });
  });

  afterAll(async () => {
    await restic?.close();
    await server?.close();
    await rm(folder, { recursive: true, force: true });
  });

  test("of a snapshot by restic unpacks to what restic restores: names, bytes, modes, owners, times, links", async () => {
    const source = join(folder, "source");
    makeSourceTree(source, 11, smallSize);
    addWhatBrowsersNeverSee(source);
    await restic.succeed(["backup", "source"], { cwd: dirname(source) });
    const [stored] = (await restic.json<{ id: string }[]>(["snapshots"])).flat();
    const id = stored?.id ?? "";

    const engine = await Engine.open(location);
    const archive = join(folder, "archive.tar");
    try {
      const { length, plannedLength, failures } = await engine.saveTar(id, archive);
      expect(failures).toEqual([]);
      expect(length).toBe(plannedLength);
    } finally {
      engine.close();
    }

    const unpacked = join(folder, "unpacked");
    mkdirSync(unpacked);
    const options = ["--numeric-owner", "--xattrs", "--xattrs-include=*", "-xpf", archive, "-C", unpacked];
    execFileSync(tar?.path ?? "", options, { stdio: ["ignore", "ignore", "ignore"] });
    const restored = join(folder, "restored");
    await restic.succeed(["restore", id, "--target", restored]);

    const expected = treeState(python as NonNullable<typeof python>, restored);
    const found = treeState(python as NonNullable<typeof python>, unpacked);
    expect(expected.size).toBeGreaterThan(150);
    expect([...found.keys()].sort()).toEqual([...expected.keys()].sort());
    for (const [path, state] of expected) expect(found.get(path), path).toBe(state);
    expect(expected.get("source/browser/hard 2")).toContain("linked to source/browser/hard 1");
    expect(expected.get("source/browser/attributes")).toContain("xattr user.comment=");
  });
});

function addWhatBrowsersNeverSee(source: string): void {
  const tree = new TreeWriter(join(source, "browser"));
  const at = (path: string) => tree.at(path);
  tree.file("hard 1", "one file, two names");
  linkSync(at("hard 1"), at("hard 2"));
  tree.file("attributes", "x");
  const setAttribute = "import os, sys; os.setxattr(sys.argv[1], 'user.comment', b'\\x00\\xff\\n=')";
  execFileSync(python?.path ?? "", ["-c", setAttribute, at("attributes").toString()]);
  tree.file("set-user-id", "x");
  chmodSync(at("set-user-id"), 0o4755);
  tree.folder("sticky");
  chmodSync(at("sticky"), 0o1777);
  tree.file("secret", "x");
  chmodSync(at("secret"), 0o400);
  symlinkSync("../documents/readme.txt", at("link"));
  symlinkSync(`/nowhere/${"long ".repeat(60)}`, at("long link"));
  symlinkSync(Buffer.from([0x2f, 0xff, 0xfe]), at("link that is no text"));
  execFileSync("mkfifo", [at("pipe").toString()]);
  const deep = Array.from({ length: 12 }, (_, i) => `folder ${i} ${"ä".repeat(20)}`).join("/");
  tree.file(`${deep}/leaf`, "deep");
  for (const [path, time] of [
    ["secret", "2023-05-06T07:08:09.123456789Z"],
    ["set-user-id", "1969-07-20T20:17:40.000000001Z"],
    ["link", "2001-09-09T01:46:40.987654321Z"],
    ["sticky", "2024-02-29T12:00:00.5Z"],
    // Made for 2286, of which restic restores another time: its nanoseconds are counted in 64 bits.
    ["../empty/file", "2200-01-01T00:00:00Z"],
  ] as const) {
    execFileSync("touch", ["-h", "-d", time, at(path).toString()]);
  }
}
