import { expect, test } from "vitest";
import { requirePeer } from "../support/peers.ts";
import { summaryOf } from "./beside-restic.ts";
import { besideRestic } from "./two-programs.ts";

const restic = requirePeer("restic-0.18");
const server = requirePeer("rest-server");
const seed = Number(process.env["HOLDALL_SEED"] ?? 1 + (Date.now() % 2 ** 30));

/** The short form of `npx tsx test/interop/beside-restic.ts --minutes 10`. */
test.skipIf(restic === null || server === null)(
  "backups beside a loop of restic's backup, forget, prune and check lose nothing and block nobody for good",
  async () => {
    if (restic === null || server === null) return;
    console.log(`beside restic: HOLDALL_SEED=${seed}`);
    const outcome = await besideRestic({ restic, server, seed, milliseconds: 15_000, hurry: 10 });
    console.log(summaryOf(outcome));
    expect(outcome.problems).toEqual([]);
  },
);
