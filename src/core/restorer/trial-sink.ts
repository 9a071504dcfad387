import type { FileSink, FileWriter } from "../base/ports.ts";

/** A sink that takes everything and keeps nothing: a restore into it reads and verifies all that a real one does. */
export const trialSink: FileSink = {
  // Many, so that few requests fetch what lies in one pack.
  filesAtOnce: 4096,
  async foldsCase() {
    return false;
  },
  async folder() {},
  async existing() {
    return null;
  },
  async file() {
    return writer;
  },
};

const writer: FileWriter = {
  async write() {},
  async close() {},
  async abort() {},
};
