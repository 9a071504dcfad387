import { BackendError } from "../base/errors.ts";
import { isLoopback, parseRestLocation, type RestLocation } from "./rest-location.ts";

/**
 * Understands the address of a REST server as people paste it: restic's `rest:…`, a plain URL, `host:8000/path` without a
 * scheme (https, or http on this machine), in quotes, behind `-r`, in a whole `restic …` command or in an `export
 * RESTIC_REPOSITORY=…`. Throws BackendError "bad-address", which never quotes the text; its context has a `reason`, and
 * for "other-backend" the `backend` that the address is for.
 */
export function parsePastedAddress(text: string): RestLocation {
  const bare = withoutWrapping(text);
  refuseOthers(bare);
  const address = bare.replace(/^rest:/i, "").replace(/^\/\//, "");
  if (address === "" || /\s/.test(address)) throw new BackendError("bad-address", { reason: "not-a-url" });
  return parseRestLocation(/^[a-z][a-z0-9+.-]*:\/\//i.test(address) ? address : `${schemeFor(address)}://${address}`);
}

/** The address alone, out of what surrounds it in a shell, a script or a note. */
function withoutWrapping(text: string): string {
  const line = text.trim().replace(/^[$>#]\s+/, "");
  const assigned = /^(?:export\s+|setx?\s+|\$env:)?RESTIC_REPOSITORY\s*[= ]\s*(.*)$/is.exec(line)?.[1];
  const argument = /(?:^|\s)(?:-r\s*|--repo(?:=|\s+))("[^"]*"|'[^']*'|\S+)/.exec(line)?.[1];
  const bare = (assigned ?? argument ?? line).trim().replace(/;$/, "");
  const quoted = /^(["'])(.*?)\1/.exec(bare)?.[2];
  return (quoted ?? (assigned === undefined ? bare : (bare.split(/\s/)[0] ?? ""))).trim();
}

const otherBackends = /^(sftp|s3|b2|azure|gs|swift|rclone):/i;
const localPath = /^(?:local:|file:|[./~\\]|[a-z]:[\\/])/i;

function refuseOthers(address: string): void {
  const backend = otherBackends.exec(address)?.[1]?.toLowerCase();
  if (backend !== undefined) throw new BackendError("bad-address", { reason: "other-backend", backend });
  if (localPath.test(address.replace(/^\/\/(?=[^/])/, ""))) {
    throw new BackendError("bad-address", { reason: "local-path" });
  }
}

function schemeFor(address: string): "http" | "https" {
  const authority = address.replace(/[/?#].*$/s, "").replace(/^.*@/, "");
  const host = authority.replace(/:\d*$/, "");
  return isLoopback(host) ? "http" : "https";
}
