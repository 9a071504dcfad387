import { mkdir, truncate } from "node:fs/promises";
import { join } from "node:path";
import type { BrowserContext, Page } from "@playwright/test";
import { backupText } from "../../src/ui/text/backup.ts";
import { connectText } from "../../src/ui/text/connect.ts";
import { deviceText } from "../../src/ui/text/device.ts";
import { rungText } from "../../src/ui/text/doctor.ts";
import { errorTexts } from "../../src/ui/text/errors.ts";
import { runText } from "../../src/ui/text/run.ts";
import { setsText } from "../../src/ui/text/sets.ts";
import { snapshotsText } from "../../src/ui/text/snapshots.ts";
import { requirePeer } from "../support/peers.ts";
import { Restic } from "../support/restic.ts";
import { seededBytes, TreeWriter } from "../support/source-tree.ts";
import { expect, type StartedServer, test } from "./fixture.ts";
import { writeNoise } from "./noise-file.ts";
import { createRepository, slow, startBackup, typeLocation, unlock } from "./steps.ts";

const repository = "trouble";
const password = "a password that is nowhere to be found";
const host = "attic-browser";

test("wrong passwords, wrong logins and wrong addresses are told apart", async ({ page, server }) => {
  await page.goto("/");

  await test.step("an address without a repository offers to create one", async () => {
    await typeLocation(page, server, repository);
    await unlock(page, password);
    await expect(page.getByText(errorTexts["no-repository"].title)).toBeVisible(slow);
    await expect(page.getByRole("button", { name: connectText.createHere })).toBeVisible();
  });

  await test.step("the wrong password of the repository", async () => {
    await page.reload();
    await createRepository(page, server, repository, password);
    await page.reload();
    await typeLocation(page, server, repository);
    await unlock(page, "not the password");
    await expect(page.getByText(errorTexts["wrong-password"].title)).toBeVisible(slow);
  });

  await test.step("the wrong login of the server", async () => {
    await page.getByLabel(connectText.serverPassword, { exact: true }).fill("not the login");
    await unlock(page, password);
    await expect(page.getByText(errorTexts["login-rejected"].title)).toBeVisible(slow);
  });

  await test.step("an address where nothing answers", async () => {
    await page.getByLabel(connectText.address, { exact: true }).fill("http://127.0.0.1:1/photos/");
    await unlock(page, password);
    await expect(page.getByText(errorTexts.network.title)).toBeVisible(slow);
    // The page's own policy is in the way, and the doctor knows it without being asked.
    await expect(page.getByText(rungText({ name: "page-policy", state: "bad", detail: null }))).toBeVisible();
    await expect(page.getByText("npm start -- --connect-src http://127.0.0.1:1", { exact: true })).toBeVisible();
  });
});

test("what is typed takes the place of an address that is proposed under the cursor", async ({ page, server }) => {
  let answer = () => {};
  const isAnswered = new Promise<void>((resolve) => {
    answer = resolve;
  });
  await page.route("/", async (route) => {
    if (route.request().method() === "HEAD") await isAnswered;
    await route.continue();
  });
  await page.goto("/");
  const address = page.getByLabel(connectText.address, { exact: true });
  await address.focus();
  answer();
  await expect(address).toHaveValue(`${server.address}repos/backup/`);
  await page.keyboard.type("rest:https://nas.home/photos/");
  await expect(address).toHaveValue("rest:https://nas.home/photos/");
});

test("a cancelled backup leaves a clean repository, and the next one succeeds", async ({
  page,
  server,
  workFolder,
}) => {
  const source = await largeSource(workFolder);
  await page.goto("/");
  await createRepository(page, server, repository, password);
  await page.getByRole("link", { name: snapshotsText.emptyAction }).click();
  await startBackup(page, source, host);
  await page.getByRole("button", { name: runText.cancel, exact: true }).click(slow);
  await expect(page.getByRole("heading", { name: runText.cancelled("Documents") })).toBeVisible(slow);
  await restic(server, async (run) => {
    expect(await locksOf(run)).toBe("");
    expect((await run.json<unknown[]>(["snapshots"])).flat()).toEqual([]);
    await run.succeed(["check", "--read-data"]);
  });
  // All of it would take longer than all else here.
  await truncate(join(source, "large.bin"), 40_000_000);
  await page.getByRole("link", { name: runText.back }).click();
  await page.getByRole("button", { name: setsText.runNamed("Documents") }).click();
  await expect(page.getByRole("heading", { name: runText.done("Documents") })).toBeVisible(slow);
  await restic(server, (run) => run.succeed(["check", "--read-data"]));
});

test("a page that is left while it backs up leaves no lock behind", async ({ page, context, server, workFolder }) => {
  const source = await largeSource(workFolder);
  await page.goto("/");
  await createRepository(page, server, repository, password);
  await page.getByRole("link", { name: snapshotsText.emptyAction }).click();
  await startBackup(page, source, host);
  await expect.poll(() => countLocks(context, server), slow).toBe(1);
  await page.close({ runBeforeUnload: false });
  await expect.poll(() => countLocks(context, server), slow).toBe(0);
  await restic(server, (run) => run.succeed(["check", "--read-data"]));
});

test("a browser without folder handles backs up what its file input gives", async ({ page, server, workFolder }) => {
  const source = join(workFolder, "Documents");
  const tree = new TreeWriter(source);
  tree.file("letter.txt", "Dear restic\n");
  tree.file("photos/ä.jpg", seededBytes(5, 600_000));
  await page.addInitScript(() => {
    Reflect.deleteProperty(window, "showDirectoryPicker");
  });
  await page.goto("/");
  await createRepository(page, server, repository, password);
  await page.getByRole("link", { name: snapshotsText.emptyAction }).click();
  await page.locator("input[webkitdirectory]").setInputFiles(source);
  await page.getByLabel(backupText.host, { exact: true }).fill(host);
  await page.getByRole("button", { name: backupText.start }).click();
  await expect(page.getByRole("heading", { name: runText.done("Documents") })).toBeVisible(slow);
  await restic(server, async (run) => {
    await run.succeed(["check", "--read-data"]);
    expect((await run.succeed(["dump", "latest", "/Documents/letter.txt"])).stdout.toString()).toBe("Dear restic\n");
  });
});

test("no password is kept in the browser, in an address or on the server", async ({
  page,
  context,
  server,
  workFolder,
}) => {
  const requests: string[] = [];
  context.on("request", (request) => requests.push(`${request.url()} ${request.postData() ?? ""}`));
  const messages: string[] = [];
  page.on("console", (message) => messages.push(message.text()));
  const source = join(workFolder, "Documents");
  new TreeWriter(source).file("letter.txt", "Dear restic\n");
  await page.goto("/");
  // Where anything is kept at all.
  await page.getByRole("radio", { name: deviceText.mine, exact: true }).check();
  await createRepository(page, server, repository, password);
  await page.getByRole("link", { name: snapshotsText.emptyAction }).click();
  await startBackup(page, source, host);
  await expect(page.getByRole("heading", { name: runText.done("Documents") })).toBeVisible(slow);
  const kept = [page.url(), await storedIn(page), ...requests, ...messages].join("\n");
  expect(kept).toContain("holdall-locks"); // the storage was really read
  for (const secret of [password, server.login.password, "Documents", "letter.txt"]) expect(kept).not.toContain(secret);
});

/** Everything that the page has in the browser's storage, as text. */
async function storedIn(page: Page): Promise<string> {
  return page.evaluate(async () => {
    const kept: unknown[] = [{ ...localStorage }, { ...sessionStorage }, document.cookie, history.state];
    for (const name of await caches.keys())
      kept.push(
        name,
        (await (await caches.open(name)).keys()).map((key) => key.url),
      );
    for (const { name = "" } of await indexedDB.databases()) {
      const database = await new Promise<IDBDatabase>((resolve, reject) => {
        const request = indexedDB.open(name);
        request.onsuccess = () => resolve(request.result);
        request.onerror = () => reject(request.error);
      });
      for (const store of database.objectStoreNames) {
        const request = database.transaction(store).objectStore(store).getAll();
        await new Promise((resolve) => {
          request.onsuccess = resolve;
        });
        kept.push(name, store, request.result);
      }
      database.close();
    }
    return JSON.stringify(kept);
  });
}

/** A folder that takes a few seconds to back up. */
async function largeSource(workFolder: string): Promise<string> {
  const source = join(workFolder, "Documents");
  await mkdir(source, { recursive: true });
  await writeNoise(join(source, "large.bin"), 400);
  return source;
}

async function countLocks(context: BrowserContext, server: StartedServer): Promise<number> {
  const { user, password: serverPassword } = server.login;
  const response = await context.request.get(`${server.address}repos/${repository}/locks/`, {
    headers: {
      Accept: "application/vnd.x.restic.rest.v2",
      Authorization: `Basic ${Buffer.from(`${user}:${serverPassword}`).toString("base64")}`,
    },
  });
  return ((await response.json()) as unknown[]).length;
}

async function locksOf(run: Restic): Promise<string> {
  return (await run.succeed(["list", "locks", "--no-lock"])).stdout.toString();
}

async function restic(server: StartedServer, work: (run: Restic) => Promise<unknown>): Promise<void> {
  const program = requirePeer("restic-0.18");
  test.skip(program === null, "no restic-0.18 on this machine");
  if (program === null) return;
  const run = await Restic.open({ program, repository: server.resticLocation(repository), password });
  try {
    await work(run);
  } finally {
    await run.close();
  }
}
