import { countTab } from "../bench/connections.ts";
import { requirePeer } from "../support/peers.ts";
import { expect, test } from "./fixture.ts";

/** HOLDALL_CONNECTION_REQUESTS asks for more, HOLDALL_SEED for other faults at other moments. */
const requests = Number(process.env["HOLDALL_CONNECTION_REQUESTS"] ?? "200");
const seed = Number(process.env["HOLDALL_SEED"] ?? "1");

// The app is in a browser of its own: how many of its connections are left is seen when that is gone. The app's own limit
// comes up to the bound itself, so `npm run bench -- connections` judges it, over thousands of requests.
for (const limit of [1, 2]) {
  const tag = limit === 1 ? [] : "@long";
  test(`a backup, a restore and reading everything share few connections, ${limit} at once`, { tag }, async () => {
    test.setTimeout(requests * 2000);
    const chromium = requirePeer("chromium");
    test.skip(chromium === null, "no Chromium on this machine");
    if (chromium === null) return;
    const figures = await countTab(chromium, { limit, requests, seed });
    console.log(`seed ${seed}: ${JSON.stringify(figures)}`);
    expect(figures.requests).toBeGreaterThanOrEqual(requests);
    // Else nothing that costs connections was tried.
    expect(figures.failures["aborted"]).toBeGreaterThan(5);
    expect(figures.broken).toEqual([]);
  });
}
