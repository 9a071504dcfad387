// `npm run build`: kernels into wasm/build, then the app and its service worker into dist/app, the server into dist/server.
import { build } from "vite";
import { buildKernels } from "../../wasm/build.mjs";
import { markBuilt } from "./fresh-clone.mjs";

await buildKernels();
// The service worker is told the names of the app's files, so it comes after the app.
for (const mode of ["production", "service-worker", "server"]) await build({ mode, logLevel: "warn" });
markBuilt();
