import { afterAll, beforeAll, describe } from "vitest";
import { RestBackend } from "../../src/core/backend/rest.ts";
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

    backendContract(name, async () => {
      const url = server.repositoryUrl(`repository-${++count}`);
      return { backend: new RestBackend({ url, login: server.login }), close: async () => {} };
    });
  });
}

const restServer = requirePeer("rest-server");
const rclone = requirePeer("rclone");

serverContract("embedded", startEmbedded);
serverContract("restic-rest-server", restServer && (() => startRestServer(restServer)));
serverContract("rclone serve restic", rclone && (() => startRclone(rclone)));
