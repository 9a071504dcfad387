import type { ArchiveFormat } from "../workers/repository-api.ts";

/** What an archive is called: "laptop-browser 2026-11-23 Documents.zip". Any system can write such a name. */
export function archiveName(
  from: { hostname: string; timeMs: number; subject: string | null },
  format: ArchiveFormat,
): string {
  const parts = [from.hostname, dateOf(from.timeMs), from.subject ?? ""].map(harmless).filter((part) => part !== "");
  return `${parts.join(" ")}.${format}`;
}

// Three parts and an ending stay below the 255 bytes of most file systems, whatever the script.
const partLength = 24;

/** Without what means something to a system or a shell, and what shows a name in another order than it is read. */
function harmless(part: string): string {
  const clean = part
    .normalize("NFC")
    .replace(/[\p{Cc}\p{Cf}\p{Surrogate}\p{Co}\p{Cn}\p{Zl}\p{Zp}<>:"/\\|?*`$;&!'%]+/gu, "_")
    .replace(/\s+/gu, " ");
  return Array.from(clean)
    .slice(0, partLength)
    .join("")
    .replace(/^[. _-]+|[. _]+$/g, "");
}

function dateOf(timeMs: number): string {
  const date = new Date(timeMs);
  const two = (value: number) => String(value).padStart(2, "0");
  return `${date.getFullYear()}-${two(date.getMonth() + 1)}-${two(date.getDate())}`;
}
