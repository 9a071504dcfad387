// `npm start`: what is missing is installed and built, then the embedded server runs in this process.
// Its options go behind "--": `npm start -- --help`.
import { ensureBuilt, ensureInstalled } from "./fresh-clone.mjs";

ensureInstalled();
ensureBuilt();
await import("../../dist/server/main.js");
