import { parseExcludeFile } from "../core/archiver/exclude-file.ts";

/**
 * The patterns of a picked file, as restic reads `--exclude-file`: UTF-16 too, without comments. Throws "pattern-malformed"
 * (a variable, a line that is no UTF-8), and what the browser says if the file cannot be read.
 */
export async function readExcludeFile(file: Blob): Promise<string[]> {
  return parseExcludeFile(new Uint8Array(await file.arrayBuffer()));
}
