import { basename, dirname } from "node:path";
import { connectRest } from "../../src/core/backend/connect-rest.ts";
import { hashId } from "../../src/core/base/id.ts";
import type { SealedBlob } from "../../src/core/codec/codec.ts";
import { openRepository } from "../../src/core/repository/open-repository.ts";
import type { Repository } from "../../src/core/repository/repository.ts";
import { nodeKernels } from "../support/kernels.ts";
import { memoryJournal } from "../support/memory-repository.ts";
import { seededBytes } from "../support/source-tree.ts";
import type { BenchApp } from "./bench-app.ts";
import {
  alternate,
  type BenchWorld,
  benchPassword,
  initRepository,
  measureApp,
  measureRestic,
  openNative,
} from "./bench-world.ts";
import { type Figure, figureOf } from "./figures.ts";
import { indexInChromium, indexOfRepository } from "./index-figures.ts";

const repository = "many-blobs";
/** What a sealed blob of a few bytes takes. Nobody opens them here, so they hold noise. */
const sealedLength = 48;
const blobsAtOnce = 1000;
const timesLarger = 10;

/**
 * Opening a repository of many blobs: until its snapshots are shown (beside `restic snapshots`), until all blobs are indexed
 * (`restic list blobs`), and until the first folder of a snapshot is (`restic ls`). Each begins at the password.
 */
export async function benchOpening(world: BenchWorld): Promise<Figure[]> {
  const folder = await world.data.small();
  await makeRepository(world, folder);
  await using program = await openNative(world, repository);
  const url = world.server.repositoryUrl(repository);
  const open = (app: BenchApp) => app.open(url, benchPassword);
  const measure = async (name: string, command: readonly string[], use: (app: BenchApp) => Promise<number>) => {
    world.say(`  ${name}:`);
    const holdall = () => measureApp(world, repository, use);
    const restic = () => measureRestic(world, repository, () => program.run(command));
    const samples = await alternate(world.rounds, holdall, restic);
    return figureOf(name, samples.holdall, samples.restic);
  };
  const snapshots = await measure("snapshots", ["snapshots"], open);
  const blobs = await measure("blobs", ["list", "blobs"], async (app) => {
    await open(app);
    return app.indexed();
  });
  return [
    snapshots,
    { ...blobs, notes: await indexNotes(world, url) },
    await measure(
      "folder",
      ["ls", "latest", "/"],
      async (app) => (await open(app)) + (await app.look(basename(folder))),
    ),
  ];
}

/** What the index takes: that of the repository, and one that is ten times as large. */
async function indexNotes({ chromium, data, say }: BenchWorld, url: string): Promise<NonNullable<Figure["notes"]>> {
  say("  memory of the index:");
  return {
    index: await indexOfRepository(url),
    "a larger one": await indexInChromium(chromium, timesLarger * data.sizes.blobs, data.seed),
  };
}

async function makeRepository(world: BenchWorld, folder: string): Promise<void> {
  await initRepository(world, repository);
  await using program = await openNative(world, repository);
  await program.run(["backup", "--host", "bench", basename(folder)], dirname(folder));
  world.say(`  putting ${world.data.sizes.blobs} blobs into it`);
  const backend = connectRest({ url: world.server.repositoryUrl(repository), login: null });
  const ports = { backend, kernels: nodeKernels, journal: memoryJournal() };
  const { signal } = new AbortController();
  const { repository: opened } = await openRepository(ports, { password: benchPassword, signal });
  await storeBlobs(opened, world.data.sizes.blobs, signal);
  opened.close();
}

async function storeBlobs(repository: Repository, count: number, signal: AbortSignal): Promise<void> {
  await using lock = await repository.lock("shared", signal);
  const saver = repository.createBlobSaver(lock, signal);
  for (let first = 0; first < count; first += blobsAtOnce) {
    const noise = seededBytes(first + 1, blobsAtOnce * sealedLength);
    const blobs = Array.from({ length: Math.min(blobsAtOnce, count - first) }, async (_, i): Promise<SealedBlob> => {
      const sealed = new Uint8Array(noise.subarray(i * sealedLength, (i + 1) * sealedLength));
      return { type: "data", id: await hashId(sealed), sealed, plainLength: sealedLength - 32, compressed: false };
    });
    await saver.store(await Promise.all(blobs));
  }
  await saver.finish();
}
