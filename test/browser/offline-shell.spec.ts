import { readdir } from "node:fs/promises";
import { fileURLToPath } from "node:url";
import type { Page } from "@playwright/test";
import { connectText } from "../../src/ui/text/connect.ts";
import { deviceText } from "../../src/ui/text/device.ts";
import { expect, test } from "./fixture.ts";
import { installShell, typeLocation, unlock } from "./steps.ts";

const assets = fileURLToPath(new URL("../../dist/app/assets/", import.meta.url));

test("the installed app starts without a network, with its armour, its workers and their kernels", async ({
  page,
  context,
  server,
}) => {
  await page.goto("/");
  await installShell(page);
  const policy = await page.evaluate(async () => (await fetch(".")).headers.get("Content-Security-Policy"));

  await test.step("with a network, workers come from where the shell does not control them", async () => {
    const folders = noteWorkerFolders(page);
    await typeLocation(page, server, "nothing-here");
    await unlock(page, "password");
    await expect.poll(() => folders).toContain("assets");
    expect(folders).not.toContain("sw-offline");
  });

  await context.setOffline(true);
  await page.reload();
  await expect(page.getByRole("heading", { name: connectText.title })).toBeVisible();

  await test.step("without one, the page has the policy that the server sent", async () => {
    expect(policy).toContain("require-trusted-types-for 'script'");
    expect(await policyOfKeptPage(page)).toBe(policy);
    expect(await page.evaluate(isTrustedTypesEnforced)).toBe(true);
  });

  await test.step("without one, the repository's worker comes from the shell", async () => {
    const folders = noteWorkerFolders(page);
    await typeLocation(page, server, "nothing-here");
    await unlock(page, "password");
    await expect.poll(() => folders).toContain("sw-offline");
  });

  await test.step("without one, a codec worker finds its kernels", async () => {
    const script = (await readdir(assets)).find((name) => /^codec-worker-.*\.js$/.test(name)) ?? "";
    expect(await page.evaluate(kernelBuildOf, `sw-offline/${script}`)).toMatch(/relaxed|simd|scalar/);
  });
});

test("the shell is whole or not there, and nothing of a repository passes through it", async ({ page, server }) => {
  await page.goto("/");
  await installShell(page);
  const kept = await page.evaluate(async () => {
    const [name = "", ...others] = await caches.keys();
    const requests = await (await caches.open(name)).keys();
    return { others, paths: requests.map(({ url }) => new URL(url).pathname) };
  });
  expect(kept.others).toEqual([]);
  expect(kept.paths).toContain("/");
  const built = (await readdir(assets)).filter((name) => !name.endsWith(".map")).map((name) => `/assets/${name}`);
  expect(kept.paths.filter((path) => path.startsWith("/assets/")).sort()).toEqual(built.sort());
  expect(kept.paths.filter((path) => /^\/(?:repos|up|sw)/.test(path))).toEqual([]);
  // The alias exists in the shell alone.
  expect((await fetch(`${server.address}sw-offline/${built[0]?.slice("/assets/".length)}`)).status).toBe(404);
});

test("on somebody else's device nothing of it is left", async ({ page }) => {
  await page.goto("/");
  await installShell(page);
  expect(await keptByBrowser(page)).toEqual({ scopes: ["", "assets/", "sw-download/"], caches: 1 });
  await page.getByRole("radio", { name: deviceText.guest, exact: true }).click();
  await expect.poll(() => keptByBrowser(page)).toEqual({ scopes: ["sw-download/"], caches: 0 });
  await page.reload();
  await expect(page.getByRole("heading", { name: connectText.title })).toBeVisible();
  expect(await keptByBrowser(page)).toEqual({ scopes: ["sw-download/"], caches: 0 });
});

function keptByBrowser(page: Page): Promise<{ scopes: string[]; caches: number }> {
  return page.evaluate(async () => {
    const registrations = await navigator.serviceWorker.getRegistrations();
    const scopes = registrations.map(({ scope }) => scope.slice(document.baseURI.split("#")[0]?.length)).sort();
    return { scopes, caches: (await caches.keys()).length };
  });
}

/** The folders that the page's workers come from, as they start: one that finds no server is ended soon. */
function noteWorkerFolders(page: Page): string[] {
  const folders: string[] = [];
  page.on("worker", (worker) => folders.push(new URL(worker.url()).pathname.split("/")[1] ?? ""));
  return folders;
}

function policyOfKeptPage(page: Page): Promise<string | null> {
  return page.evaluate(async () => {
    const response = await caches.match(document.baseURI);
    return response?.headers.get("Content-Security-Policy") ?? null;
  });
}

function isTrustedTypesEnforced(): boolean {
  try {
    document.createElement("div").innerHTML = "<p></p>";
    return false;
  } catch {
    return true;
  }
}

/** Starts a codec worker from this script and lets it load and choose its kernels. */
async function kernelBuildOf(script: string): Promise<string> {
  const key = (length: number) => crypto.subtle.importKey("raw", new Uint8Array(length), "AES-CTR", false, ["encrypt"]);
  const [encrypt, macK, macR] = [await key(32), await key(16), new Uint8Array(16)];
  const worker = new Worker(script, { type: "module" });
  const settings = { key: { encrypt, macK, macR }, polynomial: 0x3da3358b4dc173n, formatVersion: 2 };
  worker.postMessage({ rpc: "call", id: 1, method: "init", args: settings, wantsProgress: false });
  return new Promise((resolve, reject) => {
    worker.onerror = () => reject(new Error(`${script} was not loaded`));
    worker.onmessage = ({ data }) => {
      if (data.rpc === "result") resolve(data.value.kernelBuild);
      if (data.rpc === "error") reject(new Error(JSON.stringify(data.error)));
    };
  });
}
