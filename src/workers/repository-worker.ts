import { connectRest } from "../core/backend/connect-rest.ts";
import { UnsupportedError } from "../core/base/errors.ts";
import { connectivity } from "../platform/connectivity.ts";
import { folderSinkOf } from "../platform/folder-sink.ts";
import { sourceFolderOf } from "../platform/folder-source.ts";
import { browserLockJournal } from "../platform/lock-journal.ts";
import { claimWriter } from "../platform/writer-claim.ts";
import { CodecPool } from "./codec-pool.ts";
import { kernelAssets } from "./kernel-assets.ts";
import type { RepositoryApi } from "./repository-api.ts";
import { RepositoryService } from "./repository-service.ts";
import { serve } from "./rpc.ts";

const service = new RepositoryService({
  connect: (location, retry) => {
    if (location.kind === "folder") throw new UnsupportedError("feature-missing", { feature: "folder" });
    const { url, login, connections } = location;
    const options = connections === null ? { url, login } : { url, login, connections };
    return connectRest(options, Object.assign(retry, { network: connectivity }));
  },
  kernels: kernelAssets,
  journal: browserLockJournal(),
  // The kernels stay here: the codec workers fetch their own.
  createCodec: ({ kernels: _, ...settings }) => CodecPool.create(settings),
  sourceFolderOf,
  sinkOf: folderSinkOf,
  claimWriter,
  programVersion: `holdall ${__APP_VERSION__}`,
});

serve<RepositoryApi>(self, service);
