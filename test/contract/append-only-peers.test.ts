import { afterEach, describe, expect, test } from "vitest";
import type { Backend } from "../../src/core/backend/backend.ts";
import { RestBackend } from "../../src/core/backend/rest.ts";
import { utf8 } from "../../src/core/base/bytes.ts";
import { hashId } from "../../src/core/base/id.ts";
import { isAppendOnly } from "../../src/core/repository/append-only.ts";
import { requirePeer } from "../support/peers.ts";
import { type RestServer, startEmbedded, startRclone, startRestServer } from "../support/rest-servers.ts";

const { signal } = new AbortController();
const restServer = requirePeer("rest-server");
const rclone = requirePeer("rclone");

type Start = ((options: readonly string[]) => Promise<RestServer>) | null;
const servers: [string, Start][] = [
  ["embedded", (options) => startEmbedded({ options })],
  ["rest-server", restServer && ((options) => startRestServer(restServer, options))],
  ["rclone", rclone && ((options) => startRclone(rclone, options))],
];

describe.each(servers)("%s", (_name, start) => {
  let server: RestServer | undefined;
  afterEach(() => server?.close());

  async function connect(options: readonly string[]): Promise<Backend> {
    if (start === null) throw new Error("skipped");
    server = await start(options);
    const backend = new RestBackend({ url: server.repositoryUrl("repository"), login: server.login });
    await backend.create(signal);
    return backend;
  }

  test.skipIf(start === null)(
    "is recognised as append-only, lets locks go all the same, and tells the time",
    async () => {
      const backend = await connect(["--append-only"]);
      expect(await isAppendOnly(backend, signal)).toBe(true);
      const bytes = utf8("a lock");
      const lock = { type: "lock", id: await hashId(bytes) } as const;
      await backend.save(lock, bytes, signal);
      await backend.remove(lock, signal);
      expect(await backend.list("lock", signal)).toEqual([]);
      expect(backend.clockAheadMs?.()).toBe(0);
    },
  );

  test.skipIf(start === null)("is recognised as not append-only, and loses nothing by it", async () => {
    const backend = await connect([]);
    const bytes = utf8("a pack");
    await backend.save({ type: "data", id: await hashId(bytes) }, bytes, signal);
    expect(await isAppendOnly(backend, signal)).toBe(false);
    expect(await backend.list("data", signal)).toHaveLength(1);
  });
});
