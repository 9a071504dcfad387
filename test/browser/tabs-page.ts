import { wipeDevice } from "../../src/platform/device-wipe.ts";
import { forgetHandles, KeptHandles } from "../../src/platform/kept-handles.ts";
import { browserLockJournal, lockClaims } from "../../src/platform/lock-journal.ts";
import { forgetSets, openSetStore } from "../../src/platform/set-store.ts";
import { openTabChannel } from "../../src/platform/tab-channel.ts";
import { claimWriter, hasWriter, untilWriterEnds } from "../../src/platform/writer-claim.ts";

const parts = {
  wipeDevice,
  forgetHandles,
  openHandles: (repositoryId: string) => new KeptHandles(repositoryId, () => true),
  browserLockJournal,
  lockClaims,
  forgetSets,
  openSetStore,
  openTabChannel,
  claimWriter,
  hasWriter,
  untilWriterEnds,
};

/** What ties tabs together and keeps sets, for a test to call. */
export type TabParts = typeof parts;

Object.assign(window, { tabParts: parts });
