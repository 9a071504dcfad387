import { execFileSync } from "node:child_process";
import { createHash } from "node:crypto";
import { createReadStream } from "node:fs";
import { mkdtemp, realpath, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { ensureBuilt } from "../../src/server/fresh-clone.mjs";
import { requirePeer } from "../support/peers.ts";
import { type RestServer, startEmbedded } from "../support/rest-servers.ts";
import { Restic } from "../support/restic.ts";
import { seededBytes, TreeWriter } from "../support/source-tree.ts";
import { FirefoxApp } from "./firefox-app.ts";

/** Downloads go through the service worker, which gives a piece's memory back as soon as the browser asks for the next. */
const firefox = requirePeer("firefox");
const resticPeer = requirePeer("restic-0.18");
const unzip = requirePeer("unzip");
const repository = "firefox";
const password = "a password for Firefox";
const appDirectory = fileURLToPath(new URL("../../dist/app/", import.meta.url));

const smallFiles = 300;

describe.skipIf(firefox === null || resticPeer === null || unzip === null)("what Firefox downloads", () => {
  let folder: string;
  let server: RestServer;
  let app: FirefoxApp;

  beforeAll(async () => {
    if (firefox === null || resticPeer === null) return;
    ensureBuilt();
    folder = await realpath(await mkdtemp(join(tmpdir(), "holdall-firefox-")));
    const tree = new TreeWriter(join(folder, "Documents"));
    tree.file("large.bin", Buffer.concat(Array.from({ length: 8 }, (_, seed) => seededBytes(seed, 12_345_678))));
    for (let at = 0; at < smallFiles; at++) tree.file(`small/${at}.bin`, seededBytes(1000 + at, at * 97));
    server = await startEmbedded({ appDirectory });
    const restic = await Restic.open({
      program: resticPeer,
      repository: server.resticRepository(repository),
      password,
    });
    await restic.succeed(["init"]);
    await restic.succeed(["backup", "Documents"], { cwd: folder });
    await restic.close();
    const url = server.repositoryUrl(repository);
    app = await FirefoxApp.start(firefox, new URL("/", url).href);
    await app.open({ url, login: server.login, password });
    await app.browse("Documents");
  });

  afterAll(async () => {
    await app?.close();
    await server?.close();
    if (folder) await rm(folder, { recursive: true, force: true });
  });

  test("of a large file is what was backed up", async () => {
    const path = await app.downloadFile("large.bin");
    expect(await hashOf(path)).toBe(await hashOf(join(folder, "Documents/large.bin")));
  });

  test("of a folder as a ZIP is what was backed up", async () => {
    const path = await app.downloadZip();
    const target = join(folder, "unpacked");
    execFileSync(unzip?.path ?? "", ["-q", path, "-d", target]);
    execFileSync("diff", ["-r", join(folder, "Documents"), join(target, "Documents")]);
  });
});

async function hashOf(path: string): Promise<string> {
  const hash = createHash("sha256");
  for await (const part of createReadStream(path)) hash.update(part as Buffer);
  return hash.digest("hex");
}
