import { afterEach, describe, expect, test } from "vitest";
import { RestBackend } from "../../src/core/backend/rest.ts";
import { utf8 } from "../../src/core/base/bytes.ts";
import type { RepositoryService } from "../../src/workers/repository-service.ts";
import { Device, type Place, quiet } from "../support/device.ts";
import { MemoryFolder } from "../support/memory-folder.ts";
import { MemoryOfflineStore } from "../support/memory-offline-store.ts";
import { backUp, createTestRepository } from "../support/memory-repository.ts";
import { requirePeer } from "../support/peers.ts";
import { type RestServer, startEmbedded, startRestServer } from "../support/rest-servers.ts";

const peer = requirePeer("rest-server");
const modifiedMs = Date.UTC(2026, 0, 1);
const source = new MemoryFolder({
  Reisen: { Norwegen: { "fjord.jpg": { bytes: utf8("fjord"), modifiedMs } } },
  Steuer: { "bescheid.pdf": { bytes: utf8("bescheid"), modifiedMs } },
});

const servers: [string, () => Promise<RestServer>][] = [["the embedded server", () => startEmbedded()]];
if (peer !== null) servers.push(["rest-server", () => startRestServer(peer)]);

describe.each(servers)("a repository on %s, which is stopped", (_, start) => {
  let server: RestServer | null = null;
  afterEach(async () => {
    await server?.close();
    server = null;
  });

  /** A repository of one snapshot, and a device that has not seen it. */
  async function world() {
    const started = await start();
    server = started;
    const place: Place = {
      url: started.repositoryUrl("offline"),
      login: started.login,
      connect: (login) => new RestBackend({ url: started.repositoryUrl("offline"), login }),
    };
    const { repository } = await createTestRepository(place.connect(place.login));
    const { id } = await backUp(repository, source);
    repository.close();
    const stop = async () => {
      await server?.close();
      server = null;
    };
    return { device: new Device(place, new MemoryOfflineStore()), snapshot: id as string, stop };
  }

  const browse = async (service: RepositoryService, snapshot: string, path: number[]) =>
    (await service.listFolder({ snapshot, path }, quiet)).entries.map(({ name }) => name);

  test("opens again with its snapshots and the folders that were visited", async () => {
    const { device, snapshot, stop } = await world();
    const online = await device.open();
    expect((await online.listSnapshots({}, quiet)).snapshots).toHaveLength(1);
    expect(await browse(online, snapshot, [0])).toEqual(["Reisen", "Steuer"]);
    await online.close();
    await stop();
    const service = device.service();
    expect(await service.open(device.request({ login: null }), quiet)).toMatchObject({ offline: true });
    expect((await service.listSnapshots({}, quiet)).snapshots.map(({ id }) => id)).toEqual([snapshot]);
    expect(await browse(service, snapshot, [0])).toEqual(["Reisen", "Steuer"]);
    await expect(device.open({ password: "wrong" })).rejects.toMatchObject({ code: "wrong-password" });
    await device.store.remove(device.store.keys());
    await expect(device.open()).rejects.toMatchObject({ code: "network" });
  });

  test("is browsed whole where a snapshot was kept", async () => {
    const { device, snapshot, stop } = await world();
    const online = await device.open();
    await online.listSnapshots({}, quiet);
    expect((await online.keepOffline({ snapshot }, quiet)).snapshots).toEqual([snapshot]);
    await online.close();
    await stop();
    const service = await device.open();
    expect(await browse(service, snapshot, [0, 0, 0])).toEqual(["fjord.jpg"]);
    expect(await browse(service, snapshot, [0, 1])).toEqual(["bescheid.pdf"]);
    const { port1: port } = new MessageChannel();
    const saving = service.saveFile({ snapshot, path: [0, 1, 0], port }, quiet);
    await expect(saving).rejects.toMatchObject({ code: "opened-offline" });
  });

  test("lets its owner in with the repository's password alone while it runs", async () => {
    const { device, snapshot } = await world();
    await (await device.open()).close();
    const service = await device.open({ login: null });
    expect((await service.listSnapshots({}, quiet)).snapshots.map(({ id }) => id)).toEqual([snapshot]);
    expect(await browse(service, snapshot, [0, 1])).toEqual(["bescheid.pdf"]);
  });
});
