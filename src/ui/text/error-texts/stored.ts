import type { ErrorCode } from "../../../core/base/errors.ts";
import { type ErrorText, thingOf } from "../error-text.ts";

/** What is wrong with what is stored. */
export const storedErrors = {
  "file-hash-mismatch": {
    title: "A stored file was altered",
    happened: (context) => `The contents of ${thingOf(context)} do not fit its name. Nothing of it was used.`,
    advice: "Run restic check on the repository, and see whether the server's disk is sound.",
  },
  "mac-mismatch": {
    title: "Data failed its seal",
    happened: (context) =>
      `The seal of ${thingOf(context)} is broken: it was altered, or belongs to another repository. Nothing of it was used.`,
    advice: "Run restic check on the repository, and see whether the server's disk is sound.",
  },
  "blob-hash-mismatch": {
    title: "A piece of data was altered",
    happened: (context) => `What is stored as ${thingOf(context)} is something else. Nothing of it was used.`,
    advice: "Run restic check --read-data. Other snapshots may hold a sound copy.",
  },
  "blob-length-mismatch": {
    title: "A piece of data has the wrong length",
    happened: (context) => `The length of ${thingOf(context)} is not what the index says. Nothing of it was used.`,
    advice: "Run restic check on the repository.",
  },
  "blob-missing": {
    title: "A piece of data is missing",
    happened: (context) => `No index of the repository knows ${thingOf(context)}.`,
    advice:
      "Run restic check. If somebody is thinning out the repository right now, lock, open it again and try once more.",
  },
  "upload-corrupted": {
    title: "Uploads arrive damaged",
    happened: "The server got other bytes than were sent, three times. Nothing wrong was stored.",
    advice: "The network, a proxy or memory may be failing. Try from another network or computer.",
  },
  "seal-verification-failed": {
    title: "This computer made a mistake",
    happened:
      "Sealed data did not open to what went in, so it was not uploaded. Snapshots that you have are untouched.",
    advice: "This can be failing memory. Restart the computer and test its memory before you trust it with backups.",
  },
  "pack-missing": {
    title: "A data file is gone",
    happened: (context) => `The index names ${thingOf(context)}, and the server does not have it.`,
    advice:
      "Files that need it have gaps. Back the same folders up again, which stores what is missing, then run restic repair index.",
  },
  "pack-length-mismatch": {
    title: "A data file has the wrong length",
    happened: (context) => `The length of ${thingOf(context)} is not what the index says: it was cut off or added to.`,
    advice: "See whether the server's disk is full or failing, then run restic repair packs.",
  },
  "pack-mismatch": {
    title: "Index and data disagree",
    happened: (context) => `The index tells other things about ${thingOf(context)} than the file itself.`,
    advice: "Run restic check, then restic repair index.",
  },
  "tree-name-refused": {
    title: "A name that is not safe",
    happened: "A stored name could lead out of its folder, so this thing is left out.",
    advice: "See who can write to the repository, and run restic check.",
  },
  "tree-unreachable": {
    title: "A folder cannot be followed",
    happened: "Its list is missing, or folders are nested deeper than any file system allows.",
    advice: "Run restic check. Other snapshots may hold this folder in good order.",
  },
  "file-size-mismatch": {
    title: "A file is not as long as it says",
    happened: "Its pieces do not add up to the size that the snapshot states, so it was not written.",
    advice: "Run restic check. Other snapshots may hold a sound copy.",
  },
  "config-damaged": {
    title: "The repository's settings are damaged",
    happened: "The file config could not be used. Nothing was changed.",
    advice: "Restore the file config from a copy of the repository.",
  },
  "config-changed": {
    title: "Another repository is at this address",
    happened:
      "This device has opened a repository here before, and what the server shows now is a different one. Nothing was read from it or written to it.",
    advice:
      "Ask whoever runs the server. If the repository was made anew on purpose, remove this address from the recent ones, then open it again.",
  },
  "snapshot-not-stored": {
    title: "The snapshot did not arrive",
    happened: "All data was uploaded, but the new snapshot could not be read back, so this backup does not count.",
    advice: "Run the backup again: what was uploaded is reused.",
  },
  "packs-missing": {
    title: "The server loses what is stored",
    happened: "Packs that this backup needs were stored, and then were not there. No snapshot was made.",
    advice: "Look at the server's disk. Run the backup again when it is sound; then run restic check.",
  },
  "config-malformed": {
    title: "The repository's settings make no sense",
    happened: "The file config opened, but it does not say what it must. Nothing was changed.",
    advice: "Open the repository with restic to see whether it agrees.",
  },
  "key-malformed": {
    title: "A key file makes no sense",
    happened: "A file in the repository's keys is no key.",
    advice: "Remove it with restic key remove if nobody needs it.",
  },
  "lock-malformed": {
    title: "A lock file makes no sense",
    happened: (context) => `The lock ${thingOf(context)} cannot be read, so nobody knows who works here.`,
    advice: "If nobody does, remove it with restic unlock --remove-all.",
  },
  "index-malformed": {
    title: "An index file makes no sense",
    happened: (context) => `The index ${thingOf(context)} cannot be read.`,
    advice: "Run restic repair index. The data itself is not lost by this.",
  },
  "snapshot-malformed": {
    title: "A snapshot file makes no sense",
    happened: (context) => `The snapshot ${thingOf(context)} cannot be read. The others are not affected.`,
    advice: "Run restic check on the repository.",
  },
  "tree-malformed": {
    title: "A folder's list makes no sense",
    happened: "The list of a stored folder does not follow the format, so it is not shown.",
    advice: "Run restic check. Other snapshots may hold this folder in good order.",
  },
  "pack-header-malformed": {
    title: "A data file makes no sense",
    happened: (context) => `The header of ${thingOf(context)} does not follow the format.`,
    advice: "Run restic check, then restic repair packs.",
  },
  "listing-malformed": {
    title: "The server's list makes no sense",
    happened: "The server sent a list of files that does not follow the protocol.",
    advice: "Check the address: another program may be answering.",
  },
  "unknown-encoding": {
    title: "Written by something newer",
    happened: (context) => `The contents of ${thingOf(context)} begin in a way that is not known here.`,
    advice: "Look for a newer Holdall.",
  },
  "wrong-file-type": {
    title: "A file stands in the wrong place",
    happened: (context) => `What is stored as ${thingOf(context)} is a file of another kind.`,
    advice: "Run restic check, and see who can write to the server.",
  },
  "compressed-data-malformed": {
    title: "Compressed data makes no sense",
    happened: "A piece of data opened, but cannot be unpacked to the length that the index promises.",
    advice: "Run restic check --read-data.",
  },
  "sealed-data-short": {
    title: "A stored file is too short",
    happened: (context) => `The contents of ${thingOf(context)} cannot be sealed data.`,
    advice: "Run restic check, and see whether the server's disk is sound.",
  },
  "id-malformed": {
    title: "A name that is no id",
    happened: "Something that must be an id of 64 digits is not one.",
    advice: "If you came here by a link, open the place from the list instead.",
  },
} satisfies Partial<Record<ErrorCode, ErrorText>>;
