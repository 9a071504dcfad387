import type { Backend } from "../../src/core/backend/backend.ts";
import { altered } from "../support/altered-backend.ts";

/**
 * Mistakes that lose data when something goes wrong, and only then. Each stands between the engine and its server, at the
 * interface that the product offers, to prove that the faults notice it.
 */
export const plantedBugs = {
  /** Index files are stored when the snapshot is: a run that dies in between has a snapshot of blobs that nobody finds. */
  "snapshot-before-index": snapshotBeforeIndex,
  /** The lock is written once, and nobody looks whether it is still there. */
  "lock-not-renewed": lockNotRenewed,
} as const satisfies Record<string, (backend: Backend) => Backend>;

export type PlantedBug = keyof typeof plantedBugs;

export function isPlantedBug(name: string): name is PlantedBug {
  return name in plantedBugs;
}

function snapshotBeforeIndex(backend: Backend): Backend {
  let late: (() => Promise<void>)[] = [];
  return altered(backend, {
    save: async (...call) => {
      const [{ type }] = call;
      if (type === "index") {
        late.push(() => backend.save(...call));
        return;
      }
      await backend.save(...call);
      if (type !== "snapshot") return;
      const waiting = late;
      late = [];
      for (const store of waiting) await store();
    },
  });
}

function lockNotRenewed(backend: Backend): Backend {
  const pretended = new Set<string>();
  let written = 0;
  return altered(backend, {
    save: async (...call) => {
      const [handle] = call;
      if (handle.type === "lock" && ++written > 1) pretended.add(handle.id);
      else await backend.save(...call);
    },
    stat: async (...call) => {
      const [handle] = call;
      return handle.type === "lock" ? 1 : backend.stat(...call);
    },
    remove: async (...call) => {
      const [handle] = call;
      if (handle.type !== "lock" || !pretended.has(handle.id)) await backend.remove(...call);
    },
  });
}
