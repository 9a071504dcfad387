import { mkdir } from "node:fs/promises";
import { join } from "node:path";
import type { Page } from "@playwright/test";
import { backupText } from "../../src/ui/text/backup.ts";
import { deviceText } from "../../src/ui/text/device.ts";
import { frameText } from "../../src/ui/text/frame.ts";
import { otherTabText, runText } from "../../src/ui/text/run.ts";
import { snapshotsText } from "../../src/ui/text/snapshots.ts";
import { expect } from "./fixture.ts";
import { test } from "./gated-server.ts";
import { LockWatch } from "./lock-watch.ts";
import { writeNoise } from "./noise-file.ts";
import { beginSet, chooseSmallPacks, openRecent, slow, typeLocation, unlock } from "./steps.ts";

const visits = Number(process.env["HOLDALL_VISITS"] ?? "6");
/** Packs of 4 MiB, and more of them than may pass while the other tab comes and goes. */
const sourceMebibytes = 72;
const visitsPerPack = 10;

test("a backup keeps its lock while another tab comes and goes, and that tab removes it when the first dies", async ({
  page,
  context,
  gated,
  workFolder,
}) => {
  // Fifty openings take their time where others use the machine, too.
  test.setTimeout(900_000);
  const { gate, server, repository, password, locksFolder, restic } = gated;
  const source = join(workFolder, "Documents");
  await mkdir(source);
  await writeNoise(join(source, "noise"), sourceMebibytes);
  await page.goto("/");
  await page.getByRole("radio", { name: deviceText.mine, exact: true }).check();
  await typeLocation(page, server, repository);
  await unlock(page, password);
  await page.getByRole("link", { name: snapshotsText.emptyAction }).click(slow);
  gate.close();
  using locks = new LockWatch(locksFolder);
  await beginSet(page, source, "kitchen-browser");
  await chooseSmallPacks(page);
  await page.getByRole("button", { name: backupText.start, exact: true }).click();
  await expect(page.getByText(runText.phases.saving)).toBeVisible(slow);
  await expect.poll(() => gate.waitingUploads, slow).toBeGreaterThan(2);

  for (let visit = 0; visit < visits; visit++) {
    await test.step(`visit ${visit + 1}`, async () => {
      const other = await context.newPage();
      await other.goto("/");
      await openRecent(other, password);
      await expectOpen(other);
      if (visit % 2 === 0) await other.reload();
      if (visit % visitsPerPack === 0) gate.letOneThrough();
      await other.close();
      expect(locks.gaps, "moments without a lock").toEqual([]);
    });
  }
  await expect(page.getByRole("heading", { name: runText.running("Documents") })).toBeVisible();
  expect(locks.looks).toBeGreaterThan(80 * visits);
  expect(gated.locks()).toHaveLength(1);

  const other = await context.newPage();
  await other.goto("/");
  await openRecent(other, password);
  await expectOpen(other);
  await test.step("the other tab sees the backup", async () => {
    await expect(other.getByText(otherTabText.title)).toBeVisible();
    await expect(other.getByRole("progressbar", { name: otherTabText.label })).toBeVisible();
  });

  await test.step("the first tab dies, and the other removes its lock", async () => {
    const session = await context.newCDPSession(page);
    session.send("Page.crash").catch(() => {});
    await page.waitForEvent("crash");
    await expect.poll(gated.locks, { timeout: 5000, intervals: [20] }).toEqual([]);
    await restic.succeed(["prune"]);
  });
  await expect(other.getByRole("link", { name: frameText.snapshots, exact: true })).toBeVisible();
});

async function expectOpen(page: Page): Promise<void> {
  await expect(page.getByRole("link", { name: frameText.snapshots, exact: true })).toBeVisible(slow);
}
