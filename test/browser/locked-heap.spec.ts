import { join } from "node:path";
import type { CDPSession, Page } from "@playwright/test";
import { connectText } from "../../src/ui/text/connect.ts";
import { frameText } from "../../src/ui/text/frame.ts";
import { snapshotsText } from "../../src/ui/text/snapshots.ts";
import { requirePeer } from "../support/peers.ts";
import { Restic } from "../support/restic.ts";
import { TreeWriter } from "../support/source-tree.ts";
import { expect, type StartedServer, test } from "./fixture.ts";
import { slow, typeLocation, unlock } from "./steps.ts";

const repository = "locked";
const password = "Vogelscheuche.8842.passphrase";
const names = ["Kirschbaumwiese", "Quittengelee-rezept.txt", "Steuerbescheid-vertraulich.pdf", "dachboden-zqx"];

test("after locking, no password, login or name is left in any heap of the page", async ({
  page,
  server,
  workFolder,
}) => {
  await fillRepository(server, workFolder);
  await page.goto("/");
  await open(page, server);
  await browse(page);
  // The parts, too: a string may lie about in pieces.
  const words = [password, password.slice(0, 13), password.slice(-10), server.login.password, ...names];

  await test.step("the search finds them while it is open", async () => {
    // In the page alone: a worker whose heap is being looked at may outlive its end.
    const found = await findInHeaps(page, words, ["page"]);
    for (const name of names) expect(found.join("\n")).toContain(name);
  });

  await test.step("locked by hand", async () => {
    await page.getByRole("button", { name: frameText.lock, exact: true }).click();
    await expect(page.getByRole("heading", { name: connectText.title })).toBeVisible(slow);
    await expectNothing(page, words);
  });

  await test.step("left, and shown again from the browser's memory", async () => {
    await open(page, server);
    await browse(page);
    await hide(page);
    await expect(page.getByRole("heading", { name: connectText.title })).toBeVisible(slow);
    await expectNothing(page, words);
  });
});

test("a password that opened nothing is gone when the page is left", async ({ page, server }) => {
  await page.goto("/");
  await typeLocation(page, server, repository);
  await unlock(page, password);
  await expect(page.getByRole("button", { name: connectText.createHere })).toBeVisible(slow);
  await hide(page);
  await expectNothing(page, [password, server.login.password]);
});

/** What a browser tells a page that it puts away to show it again later; Playwright's browsers never do that. */
async function hide(page: Page): Promise<void> {
  await page.evaluate(() => dispatchEvent(new PageTransitionEvent("pagehide", { persisted: true })));
}

async function open(page: Page, server: StartedServer): Promise<void> {
  await typeLocation(page, server, repository);
  await unlock(page, password);
  await expect(page.getByRole("heading", { name: snapshotsText.title, exact: true })).toBeVisible(slow);
}

async function browse(page: Page): Promise<void> {
  await page.getByRole("link", { name: frameText.snapshots, exact: true }).click();
  await page
    .getByRole("main")
    .getByRole("link", { name: snapshotsText.files(2) })
    .click();
  await page.getByRole("link", { name: "Kirschbaumwiese", exact: true }).click();
  for (const name of names.slice(1, 3)) await expect(page.getByText(name).first()).toBeVisible();
}

async function expectNothing(page: Page, words: readonly string[]): Promise<void> {
  await expect.poll(() => dedicatedWorkers(page)).toEqual([]);
  expect(await findInHeaps(page, words)).toEqual([]);
  const shown = await page.content();
  const typed = await page
    .locator("input")
    .evaluateAll((fields) => fields.map((field) => (field as HTMLInputElement).value));
  for (const word of words) expect([shown, ...typed].join("\n")).not.toContain(word);
}

async function dedicatedWorkers(page: Page): Promise<string[]> {
  const session = await page.context().newCDPSession(page);
  const { targetInfos } = await session.send("Target.getTargets");
  await session.detach();
  return targetInfos.filter(({ type }) => type === "worker").map(({ url }) => url);
}

/** "kind: string" for every string of the page's heap, and of its workers', that holds one of the words. */
async function findInHeaps(
  page: Page,
  words: readonly string[],
  kinds: readonly string[] = ["page", "worker", "shared_worker", "service_worker"],
): Promise<string[]> {
  const session = await page.context().newCDPSession(page);
  const { targetInfos } = await session.send("Target.getTargets");
  const found = (await heapStrings(session)).map((text) => ({ kind: "page", text }));
  for (const { targetId, type } of targetInfos) {
    if (type === "page" || !kinds.includes(type)) continue;
    const { sessionId } = await session.send("Target.attachToTarget", { targetId, flatten: false });
    const strings = await heapStrings(nested(session, sessionId));
    found.push(...strings.map((text) => ({ kind: type, text })));
    await session.send("Target.detachFromTarget", { sessionId });
  }
  await session.detach();
  const traces = found.filter(({ text }) => words.some((word) => text.includes(word)));
  return traces.map(({ kind, text }) => `${kind}: ${text.slice(0, 200)}`);
}

/** What the two kinds of sessions have in common. */
interface Speaker {
  send(
    method: "HeapProfiler.enable" | "HeapProfiler.collectGarbage" | "HeapProfiler.takeHeapSnapshot",
  ): Promise<unknown>;
  on(event: "HeapProfiler.addHeapSnapshotChunk", listen: (event: { chunk: string }) => void): unknown;
  off(event: "HeapProfiler.addHeapSnapshotChunk", listen: (event: { chunk: string }) => void): unknown;
}

async function heapStrings(speaker: Speaker): Promise<string[]> {
  const chunks: string[] = [];
  const listen = ({ chunk }: { chunk: string }) => void chunks.push(chunk);
  speaker.on("HeapProfiler.addHeapSnapshotChunk", listen);
  await speaker.send("HeapProfiler.enable");
  await speaker.send("HeapProfiler.collectGarbage");
  await speaker.send("HeapProfiler.takeHeapSnapshot");
  speaker.off("HeapProfiler.addHeapSnapshotChunk", listen);
  const { strings } = JSON.parse(chunks.join("")) as { strings: string[] };
  return strings;
}

/** A session of a target that Playwright has none for, spoken to through the page's. */
function nested(session: CDPSession, sessionId: string): Speaker {
  let lastId = 0;
  const waiting = new Map<number, () => void>();
  const listeners = new Set<(event: { chunk: string }) => void>();
  session.on("Target.receivedMessageFromTarget", (event) => {
    if (event.sessionId !== sessionId) return;
    const message = JSON.parse(event.message) as { id?: number; method?: string; params?: { chunk: string } };
    if (message.id !== undefined) waiting.get(message.id)?.();
    else if (message.method === "HeapProfiler.addHeapSnapshotChunk" && message.params) {
      for (const listen of listeners) listen(message.params);
    }
  });
  return {
    async send(method) {
      const id = ++lastId;
      const answered = new Promise<void>((resolve) => waiting.set(id, resolve));
      await session.send("Target.sendMessageToTarget", { sessionId, message: JSON.stringify({ id, method }) });
      await answered;
    },
    on: (_event, listen) => listeners.add(listen),
    off: (_event, listen) => listeners.delete(listen),
  };
}

async function fillRepository(server: StartedServer, workFolder: string): Promise<void> {
  const program = requirePeer("restic-0.18");
  test.skip(program === null, "no restic-0.18 on this machine");
  if (program === null) return;
  const tree = new TreeWriter(join(workFolder, "Kirschbaumwiese"));
  tree.file("Quittengelee-rezept.txt", "two kilograms of quinces\n");
  tree.file("Steuerbescheid-vertraulich.pdf", "nobody's business\n");
  const run = await Restic.open({ program, repository: server.resticLocation(repository), password });
  try {
    await run.succeed(["init"]);
    await run.succeed(["backup", "--host", "dachboden-zqx", "Kirschbaumwiese"], { cwd: workFolder });
  } finally {
    await run.close();
  }
}
