import type { Backend } from "../core/backend/backend.ts";
import { connectRest } from "../core/backend/connect-rest.ts";
import { DirectoryBackend } from "../core/backend/directory.ts";
import { withLimit } from "../core/backend/with-limit.ts";
import type { SourceFolder } from "../core/base/ports.ts";
import { connectivity } from "../platform/connectivity.ts";
import { folderSinkOf } from "../platform/folder-sink.ts";
import { folderOfFiles } from "../platform/folder-source.ts";
import { browserLockJournal, lockClaims } from "../platform/lock-journal.ts";
import { openOfflineStore } from "../platform/offline-store.ts";
import { openPackSpool } from "../platform/pack-spool.ts";
import { repositoryFolderOf } from "../platform/repository-folder.ts";
import { openSetStore } from "../platform/set-store.ts";
import { openTabChannel } from "../platform/tab-channel.ts";
import { claimWriter, hasWriter, untilWriterEnds } from "../platform/writer-claim.ts";
import type { FolderStatsApi } from "./api/folder-stats.ts";
import { CodecPool, spawnCodecWorker, workersFor } from "./codec-pool.ts";
import { gatheredListings } from "./gathered-listings.ts";
import { kernelAssets } from "./kernel-assets.ts";
import { mixInWorkers } from "./key-mixers.ts";
import { RemoteFolder, RemoteSource } from "./remote-folder.ts";
import type { FolderPick, RepositoryApi } from "./repository-api.ts";
import { RepositoryService } from "./repository-service.ts";
import { connect, serve } from "./rpc.ts";
import { SourceWorkers } from "./source-workers.ts";
import { SpareWorkers } from "./spare-workers.ts";
import { loadedMessage, startedMessage } from "./starting-worker.ts";

self.postMessage(loadedMessage);
const codecWorkers = new SpareWorkers(workersFor(navigator.hardwareConcurrency), spawnCodecWorker);

const page = connect<FolderStatsApi>(self).api;

const service = new RepositoryService({
  connect: (location, retry) => {
    if (location.kind === "folder") return connectFolder(location.handle);
    const { url, login, connections } = location;
    const options = connections === null ? { url, login } : { url, login, connections };
    return connectRest(options, Object.assign(retry, { network: connectivity }));
  },
  kernels: kernelAssets,
  openJournal: browserLockJournal,
  openOfflineStore,
  // The kernels stay here: the codec workers fetch their own.
  createCodec: ({ kernels: _, ...settings }) => CodecPool.create({ ...settings, spawn: () => codecWorkers.take() }),
  mixBlocks: (blocks, cost) => mixInWorkers(codecWorkers.untaken, blocks, cost),
  sourceFolderOf,
  sinkOf: folderSinkOf,
  openSetStore,
  openPackSpool,
  tabs: { lockClaims, claimWriter, hasWriter, untilWriterEnds, openChannel: openTabChannel },
  programVersion: `holdall ${__APP_VERSION__}`,
});

function sourceFolderOf(pick: FolderPick): SourceFolder {
  if (pick.kind === "files") return folderOfFiles(pick);
  const { handle, dropped } = pick;
  const lister =
    dropped === undefined
      ? null
      : gatheredListings((paths, signal) => page.listDropped({ dropped, paths }, { signal }));
  return new RemoteFolder(new RemoteSource(new SourceWorkers(handle), lister));
}

/** Without retries: what a disk refuses it refuses again, and nobody should wait a minute to be told that it is unplugged. */
function connectFolder(handle: FileSystemDirectoryHandle): Backend {
  const backend = new DirectoryBackend(repositoryFolderOf(handle));
  return withLimit(backend, backend.connections);
}

serve<RepositoryApi>(self, service);
// From here on nothing that is posted here gets lost.
self.postMessage(startedMessage);
