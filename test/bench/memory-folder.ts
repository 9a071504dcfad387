import { access } from "node:fs/promises";
import { tmpdir } from "node:os";

const memory = "/dev/shm";

/** A folder that lies in memory, where the system has one: elsewhere the disk would be measured. Else the temporary one. */
export async function memoryFolder(): Promise<string> {
  const isThere = await access(memory).then(
    () => true,
    () => false,
  );
  return isThere ? memory : tmpdir();
}
