import { discardBytes } from "../base/bytes.ts";
import type { FileSink, FileWriter } from "../base/ports.ts";

/** A sink that takes everything and keeps nothing: a restore into it reads and verifies all that a real one does. */
export const trialSink: FileSink = {
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
  async write(_position, bytes) {
    discardBytes(bytes);
  },
  async close() {},
  async abort() {},
};
