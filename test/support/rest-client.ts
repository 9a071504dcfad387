import { afterEach, beforeEach } from "vitest";
import { RestBackend, type RestOptions } from "../../src/core/backend/rest.ts";
import { type Bytes, utf8 } from "../../src/core/base/bytes.ts";
import { hashId } from "../../src/core/base/id.ts";
import { type Fault, type RestFlavour, type RestTestServer, startRestTestServer } from "./rest-test-server.ts";

export const bytes: Bytes = utf8("contents of a pack");
export const pack = { type: "data", id: await hashId(bytes) } as const;
/** Where the server has the pack. */
export const path = `data/${pack.id}`;

/** A backend and the server that it talks to. */
export interface RestClient {
  server: RestTestServer;
  backend: RestBackend;
  /** Takes another server, and a backend with these options. */
  start(flavour: RestFlavour, options?: Partial<RestOptions>): Promise<void>;
  /** What the server was asked for; the pack is called P. */
  requests(): string[];
  /** The server's answers to requests of this method, from its n-th on; the last one stays. */
  answer(method: string, ...faults: (Fault | undefined)[]): void;
}

/** A client, new for each test of the file. */
export function restClient(): RestClient {
  let server: RestTestServer | null = null;
  const client = {
    async start(flavour: RestFlavour, options: Partial<RestOptions> = {}) {
      await server?.close().catch(() => undefined);
      server = await startRestTestServer({ flavour });
      client.server = server;
      client.backend = new RestBackend({ url: server.url, login: null, ...options });
    },
    requests: () => client.server.requests.map(({ method, path }) => `${method} ${path.replace(pack.id, "P")}`),
    answer(method: string, ...faults: (Fault | undefined)[]) {
      let next = 0;
      client.server.fault = (request) => {
        if (request.method !== method) return undefined;
        return faults[Math.min(next++, faults.length - 1)];
      };
    },
  } as RestClient;
  beforeEach(() => client.start("rest-server"));
  afterEach(() => client.server.close());
  return client;
}

export async function failure(work: Promise<unknown>): Promise<unknown> {
  return work.then(
    (value) => new Error(`no failure, but ${String(value)}`),
    (error: unknown) => error,
  );
}
