import type { ErrorCode, ErrorContext } from "../../core/base/errors.ts";

/** What people read when something fails: what it is, what happened (and what is safe), what they can do. */
export interface ErrorText {
  title: string;
  happened: string | ((context: ErrorContext) => string);
  advice: string;
}

/** One text for every code; a new code without a text does not compile. */
export const errorTexts = {
  network: {
    title: "No answer from the server",
    happened:
      "The request got no answer. A browser cannot tell a server that is off from a wrong name, a certificate it does not trust, or a server that does not let this page in.",
    advice:
      "Check the address and the network. If the server is on another address than this page, it must allow it (CORS).",
  },
  timeout: {
    title: "The server went silent",
    happened: "The connection stood, but nothing arrived for five minutes. What was stored before is kept.",
    advice: "Check the network and the server, then try again.",
  },
  "server-busy": {
    title: "The server is busy",
    happened: (context) =>
      `The server answered${statusOf(context)} again and again: it cannot serve requests right now. What was stored before is kept.`,
    advice: "Try again in a few minutes. If it stays so, look at the server's log, or at that of a proxy before it.",
  },
  "short-body": {
    title: "An answer was cut off",
    happened:
      "The server sent fewer or more bytes than were asked for, several times. Nothing of it was used, and nothing is lost.",
    advice: "A proxy in between may be cutting answers. Try again, or use another network.",
  },
  "not-found": {
    title: "A file of the repository is missing",
    happened: (context) => `The repository has no ${thingOf(context)}.`,
    advice:
      "Somebody may have removed it, or may be thinning out the repository right now. Check the repository with restic.",
  },
  "login-rejected": {
    title: "The server did not accept the login",
    happened:
      "This is the user name and password of the server, not the password of the repository. What is stored is not affected.",
    advice: "Type the server's login again, or ask whoever runs the server.",
  },
  "access-denied": {
    title: "This login may not read here",
    happened: "The server knows the login but does not let it into this folder. What is stored is not affected.",
    advice:
      "Check the path: some servers give each user a folder of their own, such as /user/name/. A proxy or a firewall before the server may refuse, too.",
  },
  "append-only": {
    title: "The server keeps everything",
    happened: "It is set to append only, so nothing can be removed through it. Nothing is lost.",
    advice: "Remove things on the server itself, or with a login that may.",
  },
  "already-exists": {
    title: "Another file of this name is there",
    happened:
      "A file could not be stored because one with its name and other contents is there already. Nothing was overwritten.",
    advice: "Run restic check before you go on: the stored file may be damaged, or half of it may be missing.",
  },
  "method-refused": {
    title: "The server refuses this kind of request",
    happened: "It answered that the method is not allowed. It may be set to read only, or it is no restic REST server.",
    advice: "Check the address, and whether the server allows writing.",
  },
  conflict: {
    title: "The server reports a conflict",
    happened: "The server refused a request because of something else that happens at the same time.",
    advice: "Try again. If it stays so, look at the server's log.",
  },
  gone: {
    title: "The server says this is gone",
    happened: "The address was used once and was closed for good.",
    advice: "Ask whoever runs the server for the new address.",
  },
  "too-large": {
    title: "The server takes no files of this size",
    happened:
      "A proxy before it, or the server itself, refused an upload for its size. Uploads are about as large as the pack size, 16 MiB if nothing else was chosen, and sometimes more. What was stored before is kept and reused.",
    advice:
      "Raise the limit of the proxy (nginx: client_max_body_size 0; Apache: LimitRequestBody 0), or choose a smaller pack size, and try again.",
  },
  "range-refused": {
    title: "A stored file is shorter than it should be",
    happened: (context) => `There is less of ${thingOf(context)} than there must be.`,
    advice: "The file may be damaged. Check the repository with restic.",
  },
  "storage-full": {
    title: "The server is full",
    happened:
      "Its disk is full, or the quota of this login is used up. What was uploaded is kept, and the snapshots you have are untouched.",
    advice:
      "Make room on the server or raise the quota, then run the backup again: what was uploaded is reused. Forgetting old snapshots alone frees nothing; restic prune does.",
  },
  redirected: {
    title: "The server points elsewhere",
    happened:
      "It answered with another address. Holdall does not follow, so that a login goes nowhere unseen. Nothing was changed.",
    advice:
      "Use the address that the server really has; often https instead of http, or one with a slash at the end. If it worked before, a login page of the network or of a proxy may stand in between.",
  },
  "not-a-rest-server": {
    title: "This is no restic server",
    happened:
      "A web page came instead of data: another program is at this address, or a login page of the network or of a proxy stands in between. Nothing of it was used.",
    advice:
      "If it worked before, open the server's address in a tab of its own, log in where you are asked to, and try again. Else check host, port and path.",
  },
  "insecure-login": {
    title: "This login would travel in the open",
    happened:
      "The address begins with http, so everybody on the way could read user name and password. Nothing was sent.",
    advice: "Use an https address. Only a server on this same computer may do without.",
  },
  "bad-address": {
    title: "This is no address of a server",
    happened: "An address looks like https://nas.home:8000/photos/.",
    advice: "Paste it as restic knows it; rest: in front is fine.",
  },
  "permission-lapsed": {
    title: "The folder is closed to this page",
    happened: "The browser no longer lets Holdall into the folder. It asks again after a while, or you took it back.",
    advice: "Open the folder again and allow reading and writing when the browser asks. What was stored is kept.",
  },
  "folder-gone": {
    title: "The folder is not there",
    happened: (context) => `The folder${quotedOf(context["folder"])} cannot be found: unplugged, moved or deleted.`,
    advice: "Plug the disk in again, or choose the folder where it is now. What was stored is kept.",
  },
  "folder-read-only": {
    title: "The folder takes no changes",
    happened: "The disk or the folder is set to read only. Nothing was changed.",
    advice: "Look for a switch on the disk, and whether you may write there. Browsing and restoring work all the same.",
  },
  "folder-failed": {
    title: "The disk or folder failed",
    happened: (context) => `The system could not do what was asked of ${thingOf(context)}.`,
    advice:
      "See whether the disk is sound and plugged in, and whether another program uses the folder, then try again.",
  },
  "folder-not-empty": {
    title: "This folder is in use for something else",
    happened: (context) =>
      `It holds no repository, but other things${quotedOf(context["found"], "such as ")}. Nothing was changed.`,
    advice: "Choose the folder of a repository, or make a new, empty folder for one.",
  },
  "repository-inside": {
    title: "The repository is one folder further in",
    happened: (context) => `Not this folder is a repository, but the folder${quotedOf(context["inside"])} in it.`,
    advice: "Choose that folder.",
  },
  "unexpected-status": {
    title: "An answer that was not expected",
    happened: (context) => `The server answered${statusOf(context)}, which a restic server does not do here.`,
    advice: "Check the address. A proxy in between may have answered instead.",
  },
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
  locked: {
    title: "Somebody works on the repository",
    happened: (context) =>
      context["reason"] === "unreadable"
        ? "A lock is there that cannot be read, so nobody knows whose it is. Nothing was written; reading is always possible."
        : `It is locked${lockOwnerOf(context)}, so nothing is written now. Reading is always possible.`,
    advice:
      "Wait until that work is done, and try again. A lock that a crash left behind can be removed: look at the locks.",
  },
  "lock-lost": {
    title: "The lock was lost",
    happened:
      "While this computer slept or was offline its lock grew old, or somebody removed it. Work was stopped so that nothing can clash. The snapshots that you have are untouched.",
    advice: "Run the backup again: what was uploaded is reused.",
  },
  "writer-elsewhere": {
    title: "Another tab is writing",
    happened:
      "A backup to this repository runs in another tab of this browser; one tab at a time writes. Nothing was done here.",
    advice: "Wait until it has ended there, or cancel it there. Its progress is shown at the foot of the page.",
  },
  "repository-version": {
    title: "A repository of another version",
    happened: (context) => `The repository is of version ${context["version"] ?? "unknown"}. Holdall knows 1 and 2.`,
    advice: "Look for a newer Holdall.",
  },
  "kdf-unsupported": {
    title: "A key made in another way",
    happened: "The repository's key uses a method other than scrypt.",
    advice: "Add a password with restic key add; that key will work here.",
  },
  "kdf-too-expensive": {
    title: "The key asks for too much memory",
    happened: "To test the password, this key wants more memory than a browser tab should give.",
    advice: "Add a password with restic key add; that key will be lighter.",
  },
  "compression-in-format-1": {
    title: "Format 1 knows no compression",
    happened: "Compressed data was found or asked for in a repository of format 1.",
    advice: "Choose no compression, or lift the repository with restic migrate upgrade_repo_v2.",
  },
  "kernel-unavailable": {
    title: "A part of Holdall did not load",
    happened: "The compiled code for reading and sealing data could not be started.",
    advice: "Reload the page. If it stays so, this browser may not allow WebAssembly.",
  },
  "feature-missing": {
    title: "This browser cannot do that",
    happened: "Something that is needed here does not exist in this browser.",
    advice: "A current Chrome or Edge on a computer can do everything.",
  },
  "wrong-password": {
    title: "Wrong password",
    happened: ({ server }) =>
      server === false
        ? "It does not open the key that this device keeps. The server's keys could not be tried."
        : "No key of this repository opens with it. The server's login was fine.",
    advice:
      "Type it again. Mind capital letters and the keyboard's language. If it was changed elsewhere, the server must be reachable, and may ask for its login.",
  },
  "no-repository": {
    title: "No repository here",
    happened: "The place can be reached, but no repository is there yet.",
    advice: "Check the address or the folder, or create a repository here.",
  },
  "repository-exists": {
    title: "A repository is already there",
    happened: "Nothing was changed.",
    advice: "Open it, or choose another path for the new one.",
  },
  "quota-exceeded": {
    title: "No room on this computer",
    happened: "The disk, or the part of it that the browser may use, is full.",
    advice: "Make room, then try again.",
  },
  "source-unreadable": {
    title: "Could not be read",
    happened: unreadableFor,
    advice: "Close what uses it, or give it a plainer name, then run the backup again.",
  },
  "source-empty": {
    title: "Nothing to back up",
    happened: "The folders that were picked hold nothing that a browser can see. No snapshot was made.",
    advice: "Pick another folder.",
  },
  "source-changed": {
    title: "The file kept changing",
    happened: "It was written to while it was read, each time that it was tried. It is not in this snapshot.",
    advice: "Close the program that writes to it, and run the backup again.",
  },
  "source-shrunk": {
    title: "A folder has far fewer entries than before",
    happened: "It was asked whether this is meant, and the answer was no. No snapshot was made.",
    advice: "See that the disk is connected and the folder complete, then run the backup again.",
  },
  "pattern-malformed": {
    title: "A pattern means nothing",
    happened: "A rule of what to leave out cannot be read. Nothing was backed up.",
    advice: "Mend the pattern. A [ needs its ], and a \\ needs something behind it.",
  },
  "clock-skewed": {
    title: "The clocks disagree",
    happened:
      "This computer's clock and the server's are 20 minutes apart or more. Others would take this computer's lock for dead, so nothing was written.",
    advice: "Set the clock of this computer, or the server's if that is the wrong one, and try again.",
  },
  "clock-behind": {
    title: "This computer's clock is behind",
    happened: "It shows a time before the last snapshot's, so the new snapshot sorts before the old one.",
    advice: "Set the clock, then run the backup again: the new snapshot is then the newest.",
  },
  "sink-refused": {
    title: "The folder does not take it",
    happened: "The browser or the system refused to write this name, or to write there at all.",
    advice: "Choose another folder, and allow writing when the browser asks.",
  },
  "target-changed": {
    title: "Changed meanwhile",
    happened: "Another program changed this file while it was compared with the snapshot. It was left as it is.",
    advice: "Close what works on the file and restore it again.",
  },
  "path-too-long": {
    title: "The path is too long",
    happened: "With the names of its folders, this name is longer than a ZIP has room for, so it was left out.",
    advice: "Save it as a tar, or save an inner folder by itself.",
  },
  "exists-already": {
    title: "Already there",
    happened: "Something of this name is in the folder, and it was left as it is.",
    advice: "Restore into an empty folder.",
  },
  "not-found-in-snapshot": {
    title: "Not in this snapshot",
    happened: "The link leads to a place that this snapshot does not have.",
    advice: "Start from the snapshot's first folder.",
  },
  "worker-died": {
    title: "A part of Holdall stopped",
    happened: "The browser ended it, most often for want of memory. What was stored is kept.",
    advice: "Close other tabs, open the repository again and retry.",
  },
  "set-refused": {
    title: "This set cannot be kept",
    happened: "It holds more than a set can: up to 100 sources and tags, 10000 patterns, and names of 300 characters.",
    advice: "Make it smaller, or make two of it.",
  },
  "storage-refused": {
    title: "The browser keeps nothing",
    happened: "Its storage refused, as in some private windows and where it was turned off for this page.",
    advice: "Allow this page to keep data, or go on without: nothing in the repository depends on it.",
  },
  "opened-offline": {
    title: "Opened from the offline copy",
    happened:
      "The server could not be reached when this repository was opened. Snapshots and folders that this device keeps can be looked through; backups and the contents of files need the server.",
    advice: "Open it again when the server can be reached.",
  },
  "offline-budget": {
    title: "Not enough room for this offline copy",
    happened: "The folders of this snapshot need more room than offline copies may take.",
    advice: "Allow more in the settings, or stop keeping another snapshot.",
  },
  closed: {
    title: "The repository was locked",
    happened: "It was locked while this was running.",
    advice: "Open it again and retry. What was stored is kept.",
  },
  bug: {
    title: "Something that nobody foresaw",
    happened: "Holdall met a state that it was not made for. What is stored in the repository is not affected.",
    advice: "Try again. If it comes back, please report it with the details below.",
  },
} satisfies Record<ErrorCode, ErrorText>;

/** The text of a code, with what happened made out of its context. */
export function errorText(
  code: ErrorCode,
  context: ErrorContext = {},
): { title: string; happened: string; advice: string } {
  const text: ErrorText = errorTexts[code];
  const happened = typeof text.happened === "function" ? text.happened(context) : text.happened;
  return { title: text.title, happened, advice: text.advice };
}

/** The facts of an error in one line for a report: "status 502, path data/…". */
export function detailText(code: ErrorCode, context: ErrorContext): string {
  const facts = Object.entries(context).map(([key, value]) => `${key} ${value}`);
  return [code, ...facts].join(" · ");
}

/** The stored thing that an error is about, by whichever names its thrower knew. */
function thingOf(context: ErrorContext): string {
  for (const kind of ["file", "pack", "blob", "tree", "snapshot", "index", "key", "lock", "id", "path"]) {
    const value = context[kind];
    if (typeof value !== "string") continue;
    const type = context["type"];
    const noun =
      kind === "file" || kind === "id" || kind === "path" ? (typeof type === "string" ? type : "file") : kind;
    return `${noun} ${shortened(value)}`;
  }
  const type = context["type"];
  return typeof type === "string" ? `a file of type ${type}` : "a stored file";
}

/** A name from the disk, in quotes; nothing if it is not known. */
function quotedOf(name: unknown, before = ""): string {
  return typeof name === "string" && name !== "" ? ` ${before}“${name}”` : "";
}

function shortened(name: string): string {
  return name.replace(/[0-9a-f]{64}/g, (id) => id.slice(0, 12));
}

function unreadableFor({ reason, kept }: ErrorContext): string {
  if (kept === true) return "It could not be compared. The snapshot has it as it was in the last one.";
  if (reason === "name") return "A browser cannot open it, because its name is no valid text.";
  if (reason === "name-taken") return "Another thing in its folder has a name that looks the same to a browser.";
  return "It vanished, changed while it was read, or another program holds it.";
}

function statusOf(context: ErrorContext): string {
  const status = context["status"];
  return status === undefined ? "" : ` with status ${status}`;
}

function lockOwnerOf(context: ErrorContext): string {
  const host = context["hostname"] ?? context["host"];
  return typeof host === "string" && host !== "" ? ` by ${host}` : "";
}
