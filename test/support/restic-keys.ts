import type { RestServer } from "./rest-servers.ts";
import { makeCheapKeyFile, openKeyFile, type ReferenceKey, sha256Hex } from "./restic-crypto.ts";

/** The files of keys/ as they were stored, by id. */
export type StoredKeys = ReadonlyMap<string, Buffer>;

/** The key files of a repository, through its server. */
export class ResticKeys {
  constructor(
    private readonly server: RestServer,
    private readonly repository: string,
  ) {}

  async load(): Promise<StoredKeys> {
    const listing = await this.request("GET", "keys/");
    const files = (await listing.json()) as { name: string }[];
    const keys = new Map<string, Buffer>();
    for (const { name } of files) {
      const response = await this.request("GET", `keys/${name}`);
      keys.set(name, Buffer.from(await response.arrayBuffer()));
    }
    return keys;
  }

  /** Puts these key files in the place of those that are there. */
  async replace(keys: StoredKeys): Promise<void> {
    const old = await this.load();
    for (const [id, bytes] of keys) if (!old.has(id)) await this.request("POST", `keys/${id}`, bytes);
    for (const id of old.keys()) if (!keys.has(id)) await this.request("DELETE", `keys/${id}`);
  }

  /**
   * Exchanges each key file for one of the same password that opens at once: a restic command costs about a second with its
   * own. Returns the ones that were there.
   */
  async makeCheap(passwords: readonly string[]): Promise<StoredKeys> {
    const original = await this.load();
    const master = firstMaster(original, passwords);
    const cheap = passwords.map((password) => makeCheapKeyFile(master, password));
    await this.replace(new Map(cheap.map((bytes) => [sha256Hex(bytes), bytes])));
    return original;
  }

  /** The key under which everything else in the repository is sealed. */
  async master(password: string): Promise<ReferenceKey> {
    return firstMaster(await this.load(), [password]);
  }

  private async request(method: string, path: string, body?: Buffer): Promise<Response> {
    const { login } = this.server;
    const headers: Record<string, string> = { accept: "application/vnd.x.restic.rest.v2" };
    if (body !== undefined) headers["content-type"] = "application/octet-stream";
    if (login !== null) {
      headers["authorization"] = `Basic ${Buffer.from(`${login.username}:${login.password}`).toString("base64")}`;
    }
    const url = this.server.repositoryUrl(this.repository) + path;
    const response = await fetch(url, {
      method,
      headers,
      ...(body === undefined ? {} : { body: new Uint8Array(body) }),
    });
    if (!response.ok) throw new Error(`${method} ${path} of ${this.server.name}: ${response.status}`);
    return response;
  }
}

function firstMaster(keys: StoredKeys, passwords: readonly string[]): ReferenceKey {
  for (const bytes of keys.values()) {
    for (const password of passwords) {
      try {
        return openKeyFile(bytes, password);
      } catch {
        // Another password's key; the next one is tried.
      }
    }
  }
  throw new Error("no key file opens with these passwords");
}
