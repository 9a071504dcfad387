import { get, update } from "idb-keyval";
import { briefDatabase, databaseExists } from "./brief-database.ts";
import { type DeviceMemory, deviceMemoryOf } from "./device-memory.ts";

const databaseName = "holdall-device";
const key = "device";
const withDatabase = briefDatabase(databaseName, "memory");

/**
 * What this device remembers; null on somebody else's, and when storage fails or does not answer for a second. Looking
 * leaves no trace: a database that is not there is not made.
 */
export async function loadDeviceMemory(): Promise<DeviceMemory | null> {
  const silence = new Promise<null>((resolve) => setTimeout(resolve, patienceMs, null));
  return Promise.race([silence, readMemory().catch(() => null)]);
}

const patienceMs = 1000;

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
