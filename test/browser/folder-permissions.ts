import { mkdir, writeFile } from "node:fs/promises";
import { join } from "node:path";

/**
 * Lets a new profile of Chromium write to folders without being asked, which nobody could answer in a headless browser, and
 * read them, also after a reload if `keepsFolders`.
 */
export async function grantFolders(profile: string, keepsFolders = true): Promise<void> {
  const reading = keepsFolders ? { file_system_read_guard: 1 } : {};
  const preferences = {
    // Closing a written file asks Safe Browsing's server otherwise, half a second each when there is none.
    safebrowsing: { enabled: false },
    profile: { default_content_setting_values: { ...reading, file_system_write_guard: 1 } },
  };
  await mkdir(join(profile, "Default"), { recursive: true });
  await writeFile(join(profile, "Default", "Preferences"), JSON.stringify(preferences));
}
