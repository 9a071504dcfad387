import type { ErrorCode, ErrorContext } from "../../../core/base/errors.ts";
import type { ErrorText } from "../error-text.ts";

/** What stops a piece of work, be it somebody else, this device or what was asked. */
export const workErrors = {
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
} satisfies Partial<Record<ErrorCode, ErrorText>>;

function unreadableFor({ reason, kept }: ErrorContext): string {
  if (kept === true) return "It could not be compared. The snapshot has it as it was in the last one.";
  if (reason === "name") return "A browser cannot open it, because its name is no valid text.";
  if (reason === "name-taken") return "Another thing in its folder has a name that looks the same to a browser.";
  return "It vanished, changed while it was read, or another program holds it.";
}

function lockOwnerOf(context: ErrorContext): string {
  const host = context["hostname"] ?? context["host"];
  return typeof host === "string" && host !== "" ? ` by ${host}` : "";
}
