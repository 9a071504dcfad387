import { del, get, set } from "idb-keyval";
import type { Bytes } from "../core/base/bytes.ts";
import type { SetStore } from "../core/base/ports.ts";
import { briefDatabase, databaseExists, removeBeginningWith } from "./brief-database.ts";
import { holdClaim, isClaimHeld } from "./web-claim.ts";

const databaseName = "holdall-sets";
const withDatabase = briefDatabase(databaseName, "by-repository");

/** The sets of one repository in the browser's storage. Reading makes no database. */
export function openSetStore(repositoryId: string): SetStore {
  const keyOf = (key: string) => `${repositoryId}/${key}`;
  return {
    place: "device",
    load: (key) => load(keyOf(key)),
    async update(key, edit) {
      // What is edited is opened and sealed, which no transaction of the storage waits for.
      const release = await holdClaim(`holdall-sets-${keyOf(key)}`);
      try {
        const edited = await edit(await load(keyOf(key)));
        if (edited !== null) await set(keyOf(key), edited, withDatabase);
        else if (await databaseExists(databaseName)) await del(keyOf(key), withDatabase);
      } finally {
        release();
      }
    },
    claimRun: (setId) => holdClaim(runName(repositoryId, setId)),
    isRunning: (setId) => isClaimHeld(runName(repositoryId, setId)),
  };
}

/** Forgets all sets of a repository. Rejects if the storage does. */
export async function forgetSets(repositoryId: string): Promise<void> {
  await removeBeginningWith(`${repositoryId}/`, { databaseName, withDatabase });
}

async function load(key: string): Promise<Bytes | null> {
  if (!(await databaseExists(databaseName))) return null;
  const stored = await get<unknown>(key, withDatabase);
  return stored instanceof Uint8Array && stored.buffer instanceof ArrayBuffer ? (stored as Bytes) : null;
}

function runName(repositoryId: string, setId: string): string {
  return `holdall-run-${repositoryId}-${setId}`;
}
