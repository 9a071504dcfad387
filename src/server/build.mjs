// `npm run build`: kernels into wasm/build, then the app and its service worker into dist/app, the server into dist/server.
import { build } from "vite";
import { buildKernels } from "../../wasm/build.mjs";
import { markBuilt } from "./fresh-clone.mjs";

// Whoever starts it: with "test" in its place, as test runners have it, Svelte's checks for developers would be built in.
process.env.NODE_ENV = "production";
await buildKernels();
// The service worker is told the names of the app's files, so it comes after the app.
for (const mode of ["production", "service-worker", "server"]) await build({ mode, logLevel: "warn" });
markBuilt();
