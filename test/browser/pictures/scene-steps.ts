import type { Page } from "playwright-core";
import type { DeviceMemory } from "../../../src/platform/device-memory.ts";
import type { Rung } from "../../../src/platform/doctor.ts";
import type { FakeRepository } from "../../support/fake-repository-api.ts";

/** One state of one screen, and how to get there from a fresh page. */
export interface Scene {
  name: string;
  /** What pictures/page.ts begins with, where it is not somebody else's device. */
  prepared?: Prepared;
  show(page: Page): Promise<void>;
}

/** Plain data: it crosses to the page. */
export interface Prepared {
  memory?: DeviceMemory | null;
  copies?: [string, number][];
  rungs?: readonly Rung[];
  keptSources?: readonly { setId: string; sourceId: string }[];
  lapsed?: boolean;
}

/** Fills the Connect form and submits it, on a repository with these changes; waits for what comes of it. */
export async function submit(page: Page, changes: Partial<FakeRepository>, password = "correct"): Promise<void> {
  await change(page, changes);
  await page.getByLabel("Address", { exact: true }).fill("rest:https://me:secret@nas.home:8000/photos");
  await page.getByLabel("Password", { exact: true }).fill(password);
  await page.getByRole("button", { name: "Open", exact: true }).click();
  await page.locator("[role=alert], [role=progressbar], .rail").first().waitFor();
}

export async function change(page: Page, changes: Partial<FakeRepository>): Promise<void> {
  await page.evaluate(
    (given) => Object.assign((window as unknown as { repository: object }).repository, given),
    changes,
  );
}

export async function open(page: Page, changes: Partial<FakeRepository>): Promise<void> {
  await submit(page, changes);
  await page.getByRole("heading", { name: "Snapshots", exact: true }).waitFor();
}

/** As on a device of one's own: the first repository in the list of those that were opened before. */
export async function openRecent(page: Page, changes: Partial<FakeRepository>): Promise<void> {
  await change(page, changes);
  await page.getByRole("button", { name: /^photos/ }).click();
  await page.getByLabel("Password", { exact: true }).fill("correct");
  await page.getByRole("button", { name: "Open", exact: true }).click();
  await page.getByRole("heading", { name: "Snapshots", exact: true }).waitFor();
}

export async function openBackup(page: Page, changes: Partial<FakeRepository>): Promise<void> {
  await open(page, changes);
  await page.getByRole("link", { name: "Back up", exact: true }).first().click();
  await page.getByText("Drop folders anywhere").waitFor();
}

/** Drops the folders Documents and Photos on the page. */
export async function pick(page: Page, changes: Partial<FakeRepository>): Promise<void> {
  await openBackup(page, changes);
  await drop(page);
  await page.getByText(/^(Continues|Starts)/).waitFor();
}

export async function drop(page: Page): Promise<void> {
  await page.evaluate(() => dispatchEvent(new DragEvent("drop", { dataTransfer: new DataTransfer() })));
}
