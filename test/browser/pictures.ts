/**
 * Takes pictures of every screen and state of the page, light and dark, at 360, 1280 and 2560 px, and runs axe over each:
 * `npx tsx test/browser/pictures.ts FOLDER [pattern of names like connect-fresh-360-dark]`. Exit code 1 if axe finds anything, if the page breaks its
 * Content-Security-Policy, or if it can be scrolled sideways.
 */
import { createReadStream, mkdirSync, mkdtempSync, rmSync } from "node:fs";
import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { extname, join, resolve } from "node:path";
import { AxeBuilder } from "@axe-core/playwright";
import { svelte } from "@sveltejs/vite-plugin-svelte";
import { type Browser, chromium, type Page } from "playwright-core";
import { build } from "vite";
import { securityHeaders } from "../../src/server/security-headers.ts";
import { findPeer } from "../support/peers.ts";
import type { Scene } from "./pictures/scene-steps.ts";
import { scenes } from "./pictures/scenes.ts";

const project = resolve(import.meta.dirname, "../..");
const [folder = join(tmpdir(), "holdall-pictures"), only = ""] = process.argv.slice(2);
const wanted = new RegExp(only);
const widths = [
  [360, 740],
  [1280, 800],
  [2560, 1440],
] as const;

const built = mkdtempSync(join(tmpdir(), "holdall-pictures-"));
mkdirSync(folder, { recursive: true });
try {
  await buildPage(built);
  const server = await serve(built);
  const browser = await chromium.launch({
    executablePath: findPeer("chromium")?.path ?? "chromium",
    args: ["--no-sandbox"],
  });
  const findings = await takeAll(browser, `http://127.0.0.1:${(server.address() as AddressInfo).port}/`);
  await browser.close();
  server.close();
  for (const finding of findings) console.log(finding);
  console.log(`pictures in ${folder}: ${findings.length} findings`);
  if (findings.length > 0) process.exitCode = 1;
} finally {
  rmSync(built, { recursive: true });
}

async function buildPage(outDir: string): Promise<void> {
  await build({
    configFile: false,
    logLevel: "warn",
    root: join(project, "test/browser/pictures"),
    publicDir: join(project, "public"),
    base: "./",
    plugins: [svelte({ configFile: join(project, "svelte.config.js") })],
    build: { outDir, emptyOutDir: true, target: "es2022", assetsInlineLimit: 0, modulePreload: { polyfill: false } },
  });
}

/** The built page under the headers of the embedded server. */
async function serve(root: string): Promise<Server> {
  const types: Record<string, string> = { ".html": "text/html", ".js": "text/javascript", ".css": "text/css" };
  const server = createServer((request, response) => {
    const path = request.url === "/" ? "index.html" : (request.url ?? "").slice(1);
    const headers = securityHeaders(`http://${request.headers.host}`, { connectSources: [] });
    const stream = createReadStream(join(root, path));
    stream.on("error", () => response.writeHead(404, headers).end());
    stream.on("open", () => {
      response.writeHead(200, { ...headers, "Content-Type": types[extname(path)] ?? "image/svg+xml" });
      stream.pipe(response);
    });
  });
  await new Promise<void>((listening) => server.listen(0, "127.0.0.1", listening));
  return server;
}

async function takeAll(browser: Browser, url: string): Promise<string[]> {
  const findings: string[] = [];
  for (const [width, height] of widths) {
    for (const colorScheme of ["light", "dark"] as const) {
      const context = await browser.newContext({ viewport: { width, height }, colorScheme, reducedMotion: "reduce" });
      for (const scene of scenes) {
        const name = `${scene.name}-${width}-${colorScheme}`;
        if (!wanted.test(name)) continue;
        const page = await context.newPage();
        const problems = await take(page, { scene, url, file: join(folder, `${name}.png`) });
        findings.push(...problems.map((problem) => `${name}: ${problem}`));
        await page.close();
      }
      await context.close();
    }
  }
  return findings;
}

async function take(page: Page, { scene, url, file }: { scene: Scene; url: string; file: string }): Promise<string[]> {
  const problems: string[] = [];
  page.on("pageerror", (error) => problems.push(`threw ${error.message}`));
  page.on("console", (message) => {
    if (message.type() === "error") problems.push(`console: ${message.text()}`);
  });
  page.setDefaultTimeout(10_000);
  await page.addInitScript((prepared) => Object.assign(window, { prepared }), scene.prepared ?? {});
  await page.goto(url);
  try {
    await scene.show(page);
  } catch (error) {
    problems.push(`is not reached: ${error instanceof Error ? error.message.split("\n")[0] : error}`);
  }
  await page.screenshot({ path: file });
  const sideways = await page.evaluate(() => document.documentElement.scrollWidth > innerWidth);
  if (sideways) problems.push("scrolls sideways");
  const { violations } = await new AxeBuilder({ page }).analyze();
  for (const { id, nodes } of violations)
    problems.push(`axe ${id}: ${nodes.map((node) => node.html.slice(0, 160)).join(" | ")}`);
  return problems;
}
