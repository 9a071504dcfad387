import { execFile } from "node:child_process";
import { mkdir, readdir, readFile, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { promisify } from "node:util";
import type { BrowserContext, Locator, Page } from "@playwright/test";
import { displayName, type RawName } from "../../src/core/base/raw-name.ts";
import { connectRest } from "../../src/core/index.ts";
import { connectText } from "../../src/ui/text/connect.ts";
import { filesText, previewText } from "../../src/ui/text/files.ts";
import { jobsText } from "../../src/ui/text/jobs.ts";
import { saveText, wayTexts } from "../../src/ui/text/save.ts";
import { hostileNames, refusedNames } from "../support/hostile-names.ts";
import { contentOf, hostileFolders, storeHostileSnapshot } from "../support/hostile-snapshot.ts";
import { createTestRepository, password } from "../support/memory-repository.ts";
import { describeTree } from "../support/source-tree.ts";
import { DrivenWorker, giveFolder } from "./driven-worker.ts";
import { answerFolderPicker, expect, type StartedServer, test } from "./fixture.ts";
import { slow, typeLocation, unlock } from "./steps.ts";

const run = promisify(execFile);
const repository = "hostile";
// Wide enough for the details beside the list.
test.use({ viewport: { width: 1400, height: 900 } });

test("hostile names are listed, looked at and restored, and nothing of them runs", async ({
  page,
  context,
  server,
  workFolder,
}) => {
  // Some two hundred rows, each with its details.
  test.slow();
  await storeOn(server);
  const target = await makeTarget(workFolder);
  const alarm = await openAndSetAlarm(context, page);
  await typeLocation(page, server, repository);
  await unlock(page, password);

  await test.step("the snapshot's own words are words", async () => {
    const snapshot = page.getByRole("main").getByRole("link").filter({ hasText: "onerror=hostile(20)" });
    await snapshot.first().click(slow);
    await expect(folderLink(page, "files")).toBeVisible();
  });

  for (const folder of ["files", "folders", "links", "refused"] as const) {
    await test.step(`every name in ${folder} is shown with its details`, async () => {
      await folderLink(page, folder).click();
      const shown = await walkList(page);
      if (folder === "files" || folder === "folders") {
        const expected = hostileNames.map(({ name }) => displayName(name));
        expect(expected.filter((name) => !shown.some((row) => row.includes(name)))).toEqual([]);
      }
      await page.goBack();
      await expect(folderLink(page, folder)).toBeVisible();
    });
  }

  await test.step("folders of every hostile name are opened", async () => {
    await folderLink(page, "folders").click();
    await expect(rows(page).first()).toBeVisible();
    for (const wanted of [
      "<img src=x onerror=hostile(1)>",
      "javascript:hostile(8)",
      "__proto__",
      "..\\..\\escaped.txt",
    ]) {
      await findByArrow(page, wanted);
      await page.keyboard.press("Enter");
      await expect(page.getByRole("row", { name: /leaf\.txt/ })).toBeVisible();
      await page.goBack();
      await expect(page.getByRole("row", { name: /leaf\.txt/ })).toBeHidden();
    }
    await page.goBack();
  });

  await test.step("a list that is none is told", async () => {
    await folderLink(page, "damaged").click();
    await expect(page.getByRole("alert")).toBeVisible();
    await page.goBack();
    await expect(folderLink(page, "sound")).toBeVisible();
  });

  await test.step("everything is restored into a folder", async () => {
    await answerFolderPicker(page, target);
    await page.getByRole("button", { name: filesText.saveAll }).click();
    const dialog = page.getByRole("dialog");
    await dialog.getByRole("radio", { name: wayTexts.folder.name }).check();
    await dialog.getByRole("button", { name: saveText.chooseFolder }).click();
    await dialog.getByRole("button", { name: saveText.start.folder, exact: true }).click(slow);
    const done = jobsText.restore.done(jobsText.wholeSnapshot);
    await expect(page.getByRole("heading", { name: done })).toBeVisible(slow);
    await expectNothingEscaped(workFolder);
    expect(await readdir(join(target, "files"))).toHaveLength(hostileNames.length);
    expect(await readdir(join(target, "folders"))).toHaveLength(hostileNames.length);
    const letter = "letter.txt" as RawName;
    expect(await readFile(join(target, "sound", letter), "utf8")).toBe(contentOf(letter));
    await page.goBack();
  });

  for (const format of ["zip", "tar"] as const) {
    await test.step(`everything is saved as ${format}, and unpacked by a program that knows nothing of us`, async () => {
      const archive = join(workFolder, "a", "b", `archive.${format}`);
      const name = await saveArchive(page, format, archive);
      // What stands in the file's own name is of the snapshot's words too.
      expect(name).toMatch(new RegExp(`^[^/\\\\:*?"<>|\\p{C}]+\\.${format}$`, "u"));
      const unpacked = join(workFolder, "a", "b", format);
      await mkdir(unpacked);
      if (format === "zip") await run("unzip", ["-q", archive, "-d", unpacked]);
      else await unpackTar(archive, unpacked);
      // A tar keeps names as they are, so the disk refuses what is too long for it.
      const fitting = hostileNames.filter(({ name }) => format === "zip" || name.length <= 255);
      expect(await readdir(join(unpacked, "files"))).toHaveLength(fitting.length);
      expect(await readdir(join(unpacked, "folders"))).toHaveLength(fitting.length);
      for (const folder of ["refused", "damaged"]) expect(await readdir(join(unpacked, folder))).toEqual([]);
      await rm(archive);
      await expectNothingEscaped(workFolder, ["target", "zip", ...(format === "tar" ? ["tar"] : [])]);
    });
  }

  expect(await alarm.rang()).toEqual([]);
  await test.step("the alarm would have rung", async () => {
    await page.evaluate(() => {
      Reflect.get(window, "hostile")(0);
      const script = document.createElement("script");
      script.src = "/assets/../x";
      document.head.append(script);
    });
    await expect.poll(() => alarm.rang()).toEqual(expect.arrayContaining(["hostile(0) ran"]));
    await expect.poll(async () => (await alarm.rang()).some((text) => /^script-src/.test(text))).toBe(true);
  });
});

/** Saves what is in the folder that is open; returns the name that the browser proposes. */
async function saveArchive(page: Page, format: "zip" | "tar", path: string): Promise<string> {
  await page.getByRole("button", { name: filesText.saveAll }).click();
  const dialog = page.getByRole("dialog");
  await dialog.getByRole("radio", { name: wayTexts[format].name }).check();
  const [download] = await Promise.all([
    page.waitForEvent("download", slow),
    dialog.getByRole("button", { name: saveText.start[format], exact: true }).click(slow),
  ]);
  await download.saveAs(path);
  // From the job's page to where it was asked for.
  await page.goBack();
  await expect(folderLink(page, "files")).toBeVisible(slow);
  return download.suggestedFilename();
}

test("Chromium writes a file for every hostile name, and a line for every other name", async ({
  page,
  context,
  server,
  workFolder,
}) => {
  const snapshot = await storeOn(server);
  const target = await makeTarget(workFolder);
  const alarm = await openAndSetAlarm(context, page);
  const worker = await DrivenWorker.start(page);
  const { user: username, password: serverPassword } = server.login;
  const location = {
    kind: "rest",
    url: `${server.address}repos/${repository}/`,
    login: { username, password: serverPassword },
    connections: null,
  };
  await worker.call("open", { location, password, keep: { kind: "nothing" } });
  const handle = await giveFolder(page, target);
  const paths = [[hostileFolders.indexOf("files")], [hostileFolders.indexOf("refused")]];
  const result = await worker.call("restore", { snapshot, paths, target: handle, overwrite: "never" });

  expect(result.files).toBe(hostileNames.length);
  const renamed = new Map(result.renamed.map(({ path, writtenAs }) => [path, writtenAs]));
  for (const { name, says } of hostileNames) {
    const writtenAs = renamed.get(`/files/${displayName(name)}`) ?? `files/${displayName(name)}`;
    expect(await readFile(join(target, writtenAs), "utf8"), says).toBe(contentOf(name));
  }
  const refused = result.failures.map(({ path, code }) => `${code} ${path}`);
  const lines = refusedNames.map(({ name }) => `tree-name-refused /refused/${displayName(name)}`);
  expect(refused.sort()).toEqual([...lines, ...lines].sort());
  await expectNothingEscaped(workFolder);
  expect(await alarm.rang()).toEqual([]);
});

/** Whatever tar complains about must be the length of a name. */
async function unpackTar(archive: string, folder: string): Promise<void> {
  const failure = await run("tar", ["-xf", archive, "-C", folder]).catch((error: unknown) => error);
  const { stderr = "" } = failure as { stderr?: string };
  const others = stderr.split("\n").filter((line) => !/File name too long|Cannot mkdir|previous errors|^$/.test(line));
  expect(others).toEqual([]);
}

function rows(page: Page): Locator {
  return page.getByRole("grid").locator("tbody [role=row], tbody tr");
}

function folderLink(page: Page, name: string): Locator {
  return page.getByRole("grid").getByRole("link", { name, exact: true });
}

/** Goes through a list row by row, so that each is drawn and its details and preview are; returns the rows' texts. */
async function walkList(page: Page): Promise<string[]> {
  await expect(rows(page).first()).toBeVisible();
  await rows(page).first().focus();
  const grid = page.getByRole("grid");
  const count = Number(await grid.getAttribute("aria-rowcount")) - 1;
  // In the page, frame by frame: to ask from outside whether a row is there yet takes longer than the row.
  return grid.evaluate(walkRows, { count, loading: previewText.loading, patienceMs: slow.timeout });
}

async function walkRows(
  _grid: Element,
  { count, loading, patienceMs }: { count: number; loading: string; patienceMs: number },
): Promise<string[]> {
  const shown: string[] = [];
  for (let at = 0; at < count; at++) {
    const deadline = performance.now() + patienceMs;
    let row: Element | null = null;
    // Until the row has the focus, and its details have come to an end, whichever that is.
    while (row?.getAttribute("aria-rowindex") !== String(at + 2) || document.body.textContent.includes(loading)) {
      if (performance.now() > deadline) throw new Error(`row ${at + 2} is not shown with its details`);
      await new Promise((resolve) => requestAnimationFrame(resolve));
      row = document.activeElement;
    }
    shown.push(row.textContent);
    row.dispatchEvent(new KeyboardEvent("keydown", { key: "ArrowDown", bubbles: true, cancelable: true }));
  }
  return shown;
}

/** From the first row of the list on. */
async function findByArrow(page: Page, name: string): Promise<void> {
  const active = page.locator("tr:focus");
  await expect(active).toBeVisible();
  await page.keyboard.press("Home");
  for (let i = 0; i < hostileNames.length; i++) {
    // A row gets the focus when it is drawn, not when the key is pressed.
    await expect(active).toHaveAttribute("aria-rowindex", String(i + 2));
    if ((await active.textContent())?.includes(name)) return;
    await page.keyboard.press("ArrowDown");
  }
  throw new Error(`no row of ${name}`);
}

interface Alarm {
  /** All that must not happen, as it happened. */
  rang(): Promise<string[]>;
}

/**
 * Opens the app and notes from then on: script of names that runs, violations of the policy, errors, dialogs, requests that
 * names asked for, and names in title and address.
 */
async function openAndSetAlarm(context: BrowserContext, page: Page): Promise<Alarm> {
  const heard: string[] = [];
  await context.addInitScript(() => {
    const rang: string[] = [];
    Object.assign(window, { rang, hostile: (which: number) => rang.push(`hostile(${which}) ran`) });
    document.addEventListener("securitypolicyviolation", ({ violatedDirective, blockedURI }) =>
      rang.push(`${violatedDirective} was violated by ${blockedURI}`),
    );
  });
  page.on("console", (message) => {
    if (message.type() === "error" || /Content.Security.Policy/i.test(message.text())) heard.push(message.text());
  });
  page.on("pageerror", (error) => heard.push(`error: ${error.message}`));
  page.on("dialog", (dialog) => heard.push(`dialog: ${dialog.message()}`));
  page.on("popup", (popup) => heard.push(`popup: ${popup.url()}`));
  page.on("request", (request) => {
    const { pathname } = new URL(request.url());
    if (pathname === "/x" || /hostile\(|escaped/.test(request.url())) heard.push(`request: ${request.url()}`);
  });
  page.on("framenavigated", (frame) => {
    if (frame !== page.mainFrame()) heard.push(`frame: ${frame.url()}`);
    if (/hostile\(|escaped|proto|twin/i.test(decodeURIComponent(frame.url()))) heard.push(`address: ${frame.url()}`);
  });
  await page.goto("/");
  await expect(page.getByLabel(connectText.address, { exact: true })).toBeVisible();
  // The app tries its own policy when it starts, which breaks it twice.
  heard.length = 0;
  await page.evaluate(() => Object.assign(Reflect.get(window, "rang"), { length: 0 }));
  return {
    rang: async () => {
      const inPage = await page.evaluate(() => Reflect.get(window, "rang") as string[]);
      const title = await page.title();
      return [...heard, ...inPage, ...(/hostile|escaped/.test(title) ? [`title: ${title}`] : [])];
    },
  };
}

/** A hostile repository on the server; returns its snapshot's id. */
async function storeOn(server: StartedServer): Promise<string> {
  const { user: username, password: serverPassword } = server.login;
  const url = `${server.address}repos/${repository}/`;
  const backend = connectRest({ url, login: { username, password: serverPassword } });
  const made = await createTestRepository(backend);
  const snapshot = await storeHostileSnapshot(made.repository);
  made.repository.close();
  return snapshot;
}

async function makeTarget(workFolder: string): Promise<string> {
  const target = join(workFolder, "a", "b", "target");
  await mkdir(target, { recursive: true });
  await writeFile(join(workFolder, "a", "witness"), "untouched");
  return target;
}

async function expectNothingEscaped(workFolder: string, targets: readonly string[] = ["target"]): Promise<void> {
  expect(await readdir(workFolder)).toEqual(["a"]);
  expect((await readdir(join(workFolder, "a"))).sort()).toEqual(["b", "witness"]);
  expect((await readdir(join(workFolder, "a", "b"))).sort()).toEqual([...targets].sort());
  expect(await readFile(join(workFolder, "a", "witness"), "utf8")).toBe("untouched");
  // Only tar makes links, and nothing lies in what they lead to.
  const tree = await describeTree(join(workFolder, "a"));
  for (const [path, what] of tree) if (!path.startsWith("b/tar/links/")) expect(what, path).not.toBe("special");
}
