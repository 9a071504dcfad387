import { createHash, randomBytes } from "node:crypto";
import { mkdir, mkdtemp, readdir, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join, relative } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { type EmbeddedServer, startEmbeddedServer } from "../support/embedded-server.ts";
import { type PeerName, requirePeer } from "../support/peers.ts";
import { Restic } from "../support/restic.ts";

const versions: readonly PeerName[] = ["restic-0.14", "restic-0.18"];
const password = "repository password";

/** Every file of a folder with its hash. */
async function contentsOf(folder: string): Promise<Record<string, string>> {
  const contents: Record<string, string> = {};
  for (const entry of await readdir(folder, { recursive: true, withFileTypes: true })) {
    if (!entry.isFile()) continue;
    const path = join(entry.parentPath, entry.name);
    contents[relative(folder, path)] = createHash("sha256")
      .update(await readFile(path))
      .digest("hex");
  }
  return contents;
}

for (const version of versions) {
  const program = requirePeer(version);
  describe.skipIf(program === null)(`${version} on the embedded server, with its login`, () => {
    let server: EmbeddedServer;
    let proxy: EmbeddedServer;
    let folder = "";

    beforeAll(async () => {
      server = await startEmbeddedServer({ auth: true });
      proxy = await startEmbeddedServer({ auth: true, proxies: { far: `${server.url}/repos/` } });
      folder = await mkdtemp(join(tmpdir(), "holdall-source-"));
      await mkdir(join(folder, "deep", "er"), { recursive: true });
      await writeFile(join(folder, "large"), randomBytes(20 * 1024 * 1024));
      await writeFile(join(folder, "empty"), "");
      await writeFile(join(folder, "deep", "er", "Ünïcode & <odd>"), "text");
    });
    afterAll(async () => {
      await proxy?.close();
      await server?.close();
      await rm(folder, { recursive: true, force: true });
    });

    async function wholeLife(location: string): Promise<void> {
      if (program === null) return;
      const restic = await Restic.open({ program, repository: location, password });
      const target = await mkdtemp(join(tmpdir(), "holdall-target-"));
      try {
        await restic.succeed(["init"]);
        await restic.succeed(["backup", "."], { cwd: folder });
        await restic.succeed(["check", "--read-data"]);
        await restic.succeed(["restore", "latest", "--target", target]);
        expect(await contentsOf(target)).toEqual(await contentsOf(folder));
        await writeFile(join(folder, "large"), randomBytes(5 * 1024 * 1024));
        await restic.succeed(["backup", "."], { cwd: folder });
        await restic.succeed(["forget", "--keep-last", "1", "--prune"]);
        await restic.succeed(["check", "--read-data"]);
        expect(await restic.json(["list", "locks"])).toEqual([]);
      } finally {
        await restic.close();
        await rm(target, { recursive: true });
      }
    }

    test("init, backup, check, restore, forget and prune", async () => {
      await wholeLife(server.resticLocation("own"));
      if (program === null) return;
      // The folder on disk is a repository of restic's own kind.
      const local = await Restic.open({ program, repository: join(server.dataDirectory, "own"), password });
      try {
        await local.succeed(["check", "--read-data"]);
      } finally {
        await local.close();
      }
    });

    test("the same through the proxy of a second server, with the login of the first", async () => {
      const { user = "", password: secret = "" } = server.login ?? {};
      await wholeLife(`rest:${proxy.url.replace("://", `://${user}:${secret}@`)}/up/far/passed/`);
      expect(await readdir(server.dataDirectory)).toContain("passed");
      expect(await readdir(proxy.dataDirectory)).toEqual([".htpasswd"]);
    });

    test("without the login restic gets nowhere, also not with the proxy's own", async () => {
      if (program === null) return;
      const { user = "", password: secret = "" } = proxy.login ?? {};
      for (const location of [
        `rest:${server.url}/repos/stranger/`,
        `rest:${proxy.url.replace("://", `://${user}:${secret}@`)}/up/far/stranger/`,
      ]) {
        const restic = await Restic.open({ program, repository: location, password });
        try {
          const run = await restic.run(["init"]);
          expect(run.exitCode).not.toBe(0);
          expect(run.stderr).toMatch(/401|unauthorized/i);
        } finally {
          await restic.close();
        }
      }
      expect(await readdir(server.dataDirectory)).not.toContain("stranger");
    });
  });
}
