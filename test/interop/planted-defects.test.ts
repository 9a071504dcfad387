import { mkdir, mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import type { Fixture } from "../support/fixtures.ts";
import { requirePeer } from "../support/peers.ts";
import type { PlantedDefect } from "../support/planted-defects.ts";
import { type RestServer, startRestServer } from "../support/rest-servers.ts";
import { allLetters, Cell, type CellSources, type CheckResult, type Letter } from "./cell.ts";
import { checkMadeByHoldall } from "./made-by-holdall.ts";
import { checkFixture, fillByRestic } from "./made-by-restic.ts";
import { makeSources } from "./sources.ts";

/** Tests of the tests: each defect must turn its check red. Without any, `npm run test:interop` has every check green. */
interface Planting {
  defect: PlantedDefect;
  letter: Letter;
  maker: "holdall" | "restic";
  /** The check that must notice, by words of its name. */
  noticedBy: string;
  /** What it must say. */
  saying: RegExp;
}

const plantings: readonly Planting[] = [
  {
    defect: "narrow-counter",
    letter: "a",
    maker: "holdall",
    noticedBy: "check --read-data finds no error",
    saying: /no errors were found/,
  },
  { defect: "contents-swapped", letter: "a", maker: "holdall", noticedBy: "restore of it equals", saying: /expected/ },
  {
    defect: "contents-swapped-in-reading",
    letter: "b",
    maker: "restic",
    noticedBy: "reads every file of restic's snapshot 1",
    saying: /expected/,
  },
  { defect: "nothing-is-known", letter: "c", maker: "restic", noticedBy: "adds 0 data blobs", saying: /were added/ },
  { defect: "other-cuts", letter: "c", maker: "holdall", noticedBy: "adds 0 data blobs", saying: /were added/ },
  { defect: "lock-left-behind", letter: "d", maker: "holdall", noticedBy: "restic prune", saying: /already locked/ },
  {
    defect: "node-without-uid",
    letter: "d",
    maker: "holdall",
    noticedBy: "restic rewrite",
    saying: /cannot encode tree/,
  },
  {
    defect: "node-out-of-order",
    letter: "e",
    maker: "holdall",
    noticedBy: "every tree of Holdall's repository is canonical",
    saying: /ascending order/,
  },
  {
    defect: "name-escaped-otherwise",
    letter: "e",
    maker: "restic",
    noticedBy: "every tree that restic wrote",
    saying: /no reason is given/,
  },
];

const restic = requirePeer("restic-0.18");
const restServer = requirePeer("rest-server");

describe.skipIf(restic === null || restServer === null)("planted defects", () => {
  let folder: string;
  let server: RestServer;
  let sources: CellSources;
  let fixture: Fixture;
  let fixtureCell: Cell;

  beforeAll(async () => {
    if (restServer === null) return;
    folder = await mkdtemp(join(tmpdir(), "holdall-planted-"));
    server = await startRestServer(restServer);
    sources = await makeSources(folder, "small");
    fixtureCell = await makeCell("fixture", allLetters, null, () => undefined);
    fixture = await fillByRestic(fixtureCell);
  });

  afterAll(async () => {
    await fixtureCell?.close();
    await server?.close();
    await rm(folder, { recursive: true, force: true });
  });

  async function makeCell(
    name: string,
    letters: ReadonlySet<Letter>,
    defect: PlantedDefect | null,
    report: (result: CheckResult) => void,
  ): Promise<Cell> {
    if (restic === null) throw new Error("no restic");
    const cellFolder = join(folder, name);
    await mkdir(cellFolder);
    return new Cell({ restic, server, formatVersion: 2, sources, folder: cellFolder, letters, defect, report });
  }

  async function run(
    name: string,
    letters: ReadonlySet<Letter>,
    maker: Planting["maker"],
    defect: PlantedDefect,
  ): Promise<CheckResult[]> {
    const results: CheckResult[] = [];
    const cell = await makeCell(name, letters, defect, (result) => results.push(result));
    try {
      if (maker === "restic") await checkFixture(cell, fixture);
      else await checkMadeByHoldall(cell, name);
    } finally {
      await cell.close();
    }
    return results;
  }

  test.each(plantings)("$letter) $defect is noticed", async ({ defect, letter, maker, noticedBy, saying }) => {
    const results = await run(defect, new Set([letter]), maker, defect);
    const noticing = results.find(({ what }) => what.includes(noticedBy));
    expect(noticing?.problems.join("\n")).toMatch(saying);
  });
});
