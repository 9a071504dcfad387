import type { ErrorCode } from "../../../core/base/errors.ts";
import { type ErrorText, quotedOf, thingOf } from "../error-text.ts";

/** What happens to a repository in a folder of this device. */
export const folderErrors = {
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
} satisfies Partial<Record<ErrorCode, ErrorText>>;
