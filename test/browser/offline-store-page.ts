import * as stores from "../../src/platform/offline-store.ts";

/** The storage for offline copies, for a test to call. */
export type OfflineStorePage = typeof stores;

Object.assign(window, { stores });
