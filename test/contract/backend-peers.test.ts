import { afterAll, beforeAll, describe } from "vitest";
import type { Backend } from "../../src/core/backend/backend.ts";
import { RestBackend } from "../../src/core/backend/rest.ts";
import { withLimit } from "../../src/core/backend/with-limit.ts";
import { requirePeer } from "../support/peers.ts";
import { type RestServer, startEmbedded, startRclone, startRestServer } from "../support/rest-servers.ts";
import { backendContract } from "./backend-contract.ts";

/** The contract on real servers: each test gets a repository of its own on one server. */
function serverContract(name: string, start: (() => Promise<RestServer>) | null): void {
  describe.skipIf(start === null)(`real server: ${name}`, () => {
    let server: RestServer;
    let count = 0;
    beforeAll(async () => {
      if (start) server = await start();
    });
    afterAll(() => server?.close());

    const connect = (decorate: (backend: Backend) => Backend) => async () => {
      const url = server.repositoryUrl(`repository-${++count}`);
      return { backend: decorate(new RestBackend({ url, login: server.login })), close: async () => {} };
    };
    backendContract(
      name,
      connect((backend) => backend),
    );
    backendContract(
      `${name}, one at a time`,
      connect((backend) => withLimit(backend, 1)),
    );
  });
}

const restServer = requirePeer("rest-server");
const rclone = requirePeer("rclone");

serverContract("embedded", startEmbedded);
serverContract("restic-rest-server", restServer && (() => startRestServer(restServer)));
serverContract("rclone serve restic", rclone && (() => startRclone(rclone)));
