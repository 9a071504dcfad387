import { get, update } from "idb-keyval";
import { briefDatabase, databaseExists } from "./brief-database.ts";
import { type DeviceMemory, deviceMemoryOf } from "./device-memory.ts";

const databaseName = "holdall-device";
const key = "device";
const withDatabase = briefDatabase(databaseName, "memory");

/** What this device remembers, and when: nobody looks at an empty page for long because storage is slow. */
export interface DeviceLoading {
  /** Null on somebody else's device, and when storage fails or has not answered for a second. */
  soon: Promise<DeviceMemory | null>;
  /** The same, however long storage takes; never rejects. */
  late: Promise<DeviceMemory | null>;
}

const patienceMs = 1000;

/** Looking leaves no trace: a database that is not there is not made. */
export function loadDeviceMemory(): DeviceLoading {
  const silence = new Promise<null>((resolve) => setTimeout(resolve, patienceMs, null));
  const late = readMemory().catch(() => null);
  return { soon: Promise.race([silence, late]), late };
}

async function readMemory(): Promise<DeviceMemory | null> {
  if (!(await databaseExists(databaseName))) return null;
  return deviceMemoryOf(await get<unknown>(key, withDatabase));
}

/**
 * Changes what is remembered as one step, whatever other tabs do, and tells what it is then. Rejects where the browser
 * keeps nothing.
 */
export async function updateDeviceMemory(edit: (memory: DeviceMemory | null) => DeviceMemory): Promise<DeviceMemory> {
  let written = edit(null);
  const change = (stored: unknown) => {
    written = edit(deviceMemoryOf(stored));
    return written;
  };
  await update<unknown>(key, change, withDatabase);
  return written;
}
