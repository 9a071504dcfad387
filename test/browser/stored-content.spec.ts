import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { fileURLToPath } from "node:url";
import { startEmbeddedServer } from "../support/embedded-server.ts";
import { requirePeer } from "../support/peers.ts";
import { startRclone, startRestServer } from "../support/rest-servers.ts";
import { test as base, expect, type StartedServer } from "./fixture.ts";
import {
  attempt,
  attemptAll,
  attempts,
  Detector,
  expectReadable,
  expectSign,
  idOf,
  storeContents,
  storedContents,
  storedKinds,
} from "./stored-content.ts";

const appDirectory = fileURLToPath(new URL("../../dist/app/", import.meta.url));

/** The embedded server with real servers behind its proxies, as far as this machine has them. */
const test = base.extend<{ server: StartedServer; places: string[] }>({
  // biome-ignore lint/correctness/noEmptyPattern: Playwright reads the names of a fixture's needs from this pattern.
  server: async ({}, use) => {
    const restServer = requirePeer("rest-server");
    const rclone = requirePeer("rclone");
    const upstreams = [
      ...(restServer === null ? [] : [await startRestServer(restServer)]),
      ...(rclone === null ? [] : [await startRclone(rclone)]),
    ];
    const proxies = Object.fromEntries(
      upstreams.map(({ name, repositoryUrl }) => [name, repositoryUrl("x").replace(/x\/$/, "")]),
    );
    const server = await startEmbeddedServer({ auth: false, appDirectory, proxies });
    await use({
      address: `${server.url}/`,
      login: { user: "", password: "" },
      resticLocation: (repository) => server.resticLocation(repository),
    });
    await server.close();
    for (const upstream of upstreams) await upstream.close();
  },

  places: async ({ server }, use) => {
    const proxied = (["rest-server", "rclone"] as const).filter((name) => requirePeer(name) !== null);
    await use([`${server.address}repos/`, ...proxied.map((name) => `${server.address}up/${name}/`)]);
  },
});

test("nothing that is stored in a repository ever runs in the page", async ({ context, page, server, places }) => {
  const detector = await Detector.install(context, server.address);
  let tried = 0;
  for (const place of places) {
    const files = await storeContents(`${place}stored/`, {});
    await expectReadable(page, server.address, files);
    tried += await attemptAll(page, server.address, files, detector);
  }
  expect(tried).toBeGreaterThanOrEqual(40 * places.length);
});

test("the server's answers alone stop what needs no help of the page: without the page's policy too", async ({
  context,
  page,
  server,
  places,
}) => {
  // Of the server's own origin, with no policy at all.
  await context.route(`${server.address}bare`, (route) =>
    route.fulfill({ contentType: "text/html", body: "<!doctype html><body></body>" }),
  );
  const detector = await Detector.install(context, server.address);
  for (const place of places) {
    const files = await storeContents(`${place}stored/`, {});
    await expectReadable(page, `${server.address}bare`, files);
    await attemptAll(page, `${server.address}bare`, files, detector, { byAddressOnly: true });
  }
});

const plainly = "the detector sees all of it run from a server that serves it plainly";
test(plainly, { tag: "@control" }, async ({ context, page }) => {
  const types = {
    html: "text/html",
    svg: "image/svg+xml",
    script: "text/javascript",
    style: "text/css",
    wasm: "application/wasm",
  };
  const plain = createServer((request, response) => {
    const kind = storedKinds.find((name) => request.url?.split("?")[0] === `/data/${idOf(storedContents[name])}`);
    response.setHeader("Content-Type", kind === undefined ? "text/html" : types[kind]);
    response.setHeader("Service-Worker-Allowed", "/");
    response.end(kind === undefined ? "<!doctype html><body></body>" : storedContents[kind]);
  });
  await new Promise<void>((resolve) => plain.listen(0, "127.0.0.1", resolve));
  const origin = `http://127.0.0.1:${(plain.address() as AddressInfo).port}/`;
  try {
    const detector = await Detector.install(context, origin);
    const files = storedKinds.map((kind) => ({ kind, url: `${origin}data/${idOf(storedContents[kind])}` }));
    for (const { kind, url } of files) {
      for (const way of attempts(kind)) {
        await attempt(page, origin, way, url);
        await expectSign(detector, `${kind} by ${way}`);
      }
    }
    await expect(attemptAll(page, origin, files, detector)).rejects.toThrow("all that a page can hold");
  } finally {
    plain.closeAllConnections();
    plain.close();
  }
});
