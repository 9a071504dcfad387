import { assetFolder } from "../workers/app-folders.ts";
import { downloadFolder } from "../workers/download-message.ts";
import { serveDownloads } from "./serve-downloads.ts";
import { serveNotices } from "./serve-notices.ts";
import { serveShell } from "./serve-shell.ts";

declare const self: ServiceWorkerGlobalScope;

/** The page that registered this script is beside it. */
const root = new URL("./", self.location.href).href;

// Whichever is asked to show a notice.
serveNotices(self);

// One script, registered up to three times; its scope tells which job it has (platform/app-shell.ts).
const place = self.registration.scope.slice(root.length);
if (place === downloadFolder) serveDownloads(self);
if (place === "") serveShell(self, root);
// This one does nothing, which is its job, so a newer one need not wait for anybody.
if (place === assetFolder) self.addEventListener("install", () => void self.skipWaiting());
