import { mkdtemp, readFile, rm } from "node:fs/promises";
import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { extname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { chromium, expect, test } from "@playwright/test";
import { build } from "vite";
import { headlessChromium } from "../support/headless-chromium.ts";
import { referenceAnswers } from "../support/kernel-samples.ts";
import { nodeKernels } from "../support/kernels.ts";
import { requirePeer } from "../support/peers.ts";
import type { KernelsReport } from "./kernels-worker.ts";

const mediaTypes: Record<string, string> = {
  ".js": "text/javascript",
  ".wasm": "application/wasm",
  ".html": "text/html",
};

/** What the embedded server allows the app, as far as workers and kernels need it. */
const policy = "default-src 'none'; script-src 'self' 'wasm-unsafe-eval'; worker-src 'self'; connect-src 'self'";

test("every build of the kernels gives the references' answers in the browser, under the app's policy", async () => {
  const peer = requirePeer("chromium");
  test.skip(peer === null, "no Chromium on this machine");
  const report = await runWorker(peer?.path ?? "");
  const expected = await referenceAnswers();
  expect(report.answers.scalar).toEqual(expected);
  expect(report.answers.simd).toEqual(expected);
  expect(report.answers.relaxed).toEqual(expected);
  expect(report.chosen).toBe("relaxed");
  expect(report.sealsAndOpens).toBe(true);
  expect(report.compressesAndDecompresses).toBe(true);
  for (const [name, speed] of Object.entries(report.speeds)) process.stdout.write(`${name}: ${speed}\n`);
});

async function runWorker(executablePath: string): Promise<KernelsReport> {
  await nodeKernels.load("relaxed");
  const folder = await mkdtemp(join(tmpdir(), "holdall-kernels-"));
  await buildWorker(folder);
  const server = await serve(folder);
  const browser = await chromium.launch({ executablePath, ...headlessChromium });
  try {
    const page = await browser.newPage();
    await page.goto(`http://127.0.0.1:${(server.address() as AddressInfo).port}/`);
    // HOLDALL_MEASURE=1 prints the speeds too.
    return await page.evaluate(workerReport, process.env["HOLDALL_MEASURE"] === "1" ? "?measure" : "");
  } finally {
    await browser.close();
    server.close();
    await rm(folder, { recursive: true });
  }
}

/** Runs in the page. */
function workerReport(search: string): Promise<KernelsReport> {
  return new Promise((resolve, reject) => {
    const worker = new Worker(`/kernels-worker.js${search}`, { type: "module" });
    worker.onmessage = ({ data }) => (data.error === undefined ? resolve(data) : reject(new Error(data.error)));
    worker.onerror = ({ message }) => reject(new Error(`the worker did not start: ${message}`));
  });
}

/** As the app's build does: modules in a bundle, kernels as files beside it. */
async function buildWorker(outDir: string): Promise<void> {
  await build({
    configFile: false,
    logLevel: "warn",
    root: fileURLToPath(new URL("../../", import.meta.url)),
    publicDir: false,
    build: {
      outDir,
      emptyOutDir: true,
      target: "es2022",
      assetsInlineLimit: 0,
      modulePreload: false,
      rolldownOptions: {
        input: fileURLToPath(new URL("./kernels-worker.ts", import.meta.url)),
        output: { entryFileNames: "[name].js" },
      },
    },
  });
}

async function serve(folder: string): Promise<Server> {
  const server = createServer(async (request, response) => {
    const path = new URL(request.url ?? "/", "http://localhost").pathname;
    response.setHeader("Content-Security-Policy", policy);
    response.setHeader("Content-Type", mediaTypes[extname(path)] ?? "text/html");
    response.end(
      path === "/" ? "<!doctype html><title>kernels</title>" : await readFile(join(folder, path)).catch(() => ""),
    );
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  return server;
}
