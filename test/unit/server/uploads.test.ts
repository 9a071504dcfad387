import { createHash } from "node:crypto";
import { existsSync } from "node:fs";
import { mkdir, mkdtemp, readdir, rm, stat, writeFile } from "node:fs/promises";
import { request as startRequest } from "node:http";
import { connect } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { type EmbeddedServer, startEmbeddedServer } from "../../support/embedded-server.ts";
import { sendRaw } from "../../support/raw-http.ts";

let folder = "";
let server: EmbeddedServer;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), "holdall-uploads-"));
});
afterEach(async () => {
  await server?.close();
  await rm(folder, { recursive: true, force: true });
});

async function start(...options: string[]): Promise<void> {
  server = await startEmbeddedServer({ dataDirectory: folder, options });
}

async function filesBelow(path: string): Promise<string[]> {
  const entries = await readdir(path, { recursive: true, withFileTypes: true });
  return entries.filter((entry) => entry.isFile()).map((entry) => entry.name);
}

/** The files once they are as expected: the server works at its own pace. */
function settled() {
  return expect.poll(() => filesBelow(folder), { timeout: 10_000 });
}

function sha256(bytes: Uint8Array): string {
  return createHash("sha256").update(bytes).digest("hex");
}

async function post(bytes: Uint8Array<ArrayBuffer>, path = `/repos/r/data/${sha256(bytes)}`): Promise<number> {
  const response = await fetch(server.url + path, { method: "POST", body: new Blob([bytes]) });
  await response.arrayBuffer();
  return response.status;
}

test("an upload whose client is killed leaves nothing, not even a temporary file", async () => {
  await start();
  const socket = connect(server.port, "127.0.0.1");
  const id = "a".repeat(64);
  socket.write(
    `POST /repos/r/data/${id} HTTP/1.1\r\nHost: 127.0.0.1:${server.port}\r\nContent-Length: 1000000\r\n\r\n`,
  );
  socket.write(Buffer.alloc(500_000));
  await settled().toHaveLength(1);
  expect((await filesBelow(folder))[0]).toMatch(/^\.upload-/);
  socket.resetAndDestroy();
  await settled().toEqual([]);
});

test("a half-written upload is in no listing", async () => {
  await start();
  await post(new TextEncoder().encode("whole"));
  const socket = connect(server.port, "127.0.0.1");
  const id = "a".repeat(64);
  socket.write(`POST /repos/r/data/${id} HTTP/1.1\r\nHost: 127.0.0.1:${server.port}\r\nContent-Length: 10\r\n\r\nhalf`);
  await settled().toHaveLength(2);
  const listing = await fetch(`${server.url}/repos/r/data/`);
  expect(await listing.json()).toEqual([sha256(Buffer.from("whole"))]);
  expect((await fetch(`${server.url}/repos/r/data/${id}`)).status).toBe(404);
  socket.destroy();
});

test("what a killed server left is removed at the next start; uploads of another living server stay", async () => {
  await mkdir(join(folder, "r", "data", "aa"), { recursive: true });
  const dead = join(folder, "r", "data", "aa", ".upload-4194304-0123456789abcdef");
  const living = join(folder, "r", "data", "aa", `.upload-${process.ppid}-0123456789abcdef`);
  await writeFile(dead, "half");
  await writeFile(living, "half");
  await start();
  expect([existsSync(dead), existsSync(living)]).toEqual([false, true]);
});

test("of many uploads of one name at once exactly one stores it, the others hear that it exists", async () => {
  await start();
  const bytes = new Uint8Array(3_000_000).fill(7);
  const statuses = await Promise.all(Array.from({ length: 8 }, () => post(bytes)));
  expect(statuses.sort()).toEqual([200, 403, 403, 403, 403, 403, 403, 403]);
  expect(await filesBelow(folder)).toEqual([sha256(bytes)]);
});

test("files and folders are for their owner only", async () => {
  await start();
  const bytes = new TextEncoder().encode("secret");
  await post(bytes);
  const id = sha256(bytes);
  const path = join(folder, "r", "data", id.slice(0, 2), id);
  expect((await stat(path)).mode & 0o777).toBe(0o600);
  expect((await stat(path)).nlink).toBe(1);
  for (const part of ["r", "r/data", `r/data/${id.slice(0, 2)}`]) {
    expect((await stat(join(folder, part))).mode & 0o777).toBe(0o700);
  }
});

test("the body goes to disk as it comes: memory does not grow with it", { timeout: 60_000 }, async () => {
  await start();
  const pieces = 320; // of 512 KiB: 160 MiB
  const piece = Buffer.alloc(512 * 1024, 1);
  const hash = createHash("sha256");
  for (let at = 0; at < pieces; at++) hash.update(piece);
  const id = hash.digest("hex");
  const before = process.memoryUsage();
  let peak = 0;
  const sent = startRequest(`${server.url}/repos/r/data/${id}`, {
    method: "POST",
    headers: { "content-length": pieces * piece.length },
  });
  const answered = new Promise<number | undefined>((resolve, reject) => {
    sent.on("response", (response) => resolve(response.resume().statusCode));
    sent.on("error", reject);
  });
  for (let at = 0; at < pieces; at++) {
    if (!sent.write(piece)) await new Promise((resolve) => sent.once("drain", resolve));
    peak = Math.max(peak, process.memoryUsage().arrayBuffers - before.arrayBuffers);
  }
  sent.end();
  expect(await answered).toBe(200);
  expect(peak).toBeLessThan(64 * 1024 * 1024);

  // And back: a reader that stops reading stops the disk.
  let received = 0;
  peak = 0;
  const response = await fetch(`${server.url}/repos/r/data/${id}`);
  for await (const bytes of response.body ?? []) {
    received += bytes.length;
    peak = Math.max(peak, process.memoryUsage().arrayBuffers - before.arrayBuffers);
  }
  expect(received).toBe(pieces * piece.length);
  expect(peak).toBeLessThan(64 * 1024 * 1024);
});

test("--max-size counts what is there, refuses before the body, and counts again what is deleted", async () => {
  await mkdir(join(folder, "r", "locks"), { recursive: true });
  await writeFile(join(folder, "r", "locks", "0".repeat(64)), Buffer.alloc(600));
  await start("--max-size", "1000");
  const first = new Uint8Array(300).fill(1);
  const second = new Uint8Array(300).fill(2);
  expect(await post(first)).toBe(200);
  expect(await post(second)).toBe(507);
  expect(await post(second, `/repos/r/data/${"0".repeat(64)}`)).toBe(507);
  await fetch(`${server.url}/repos/r/locks/${"0".repeat(64)}`, { method: "DELETE" });
  // A refused upload gives its room back, as does one of the wrong hash.
  for (let time = 0; time < 5; time++) expect(await post(second, `/repos/r/data/${"0".repeat(64)}`)).toBe(400);
  expect(await post(second)).toBe(200);
});

test("--max-size holds for a body without a length, and the client hears of it", async () => {
  await start("--max-size", "100000");
  const chunk = `ea60\r\n${"x".repeat(60_000)}\r\n`;
  const response = await sendRaw(server.url, {
    method: "POST",
    target: `/repos/r/data/${"a".repeat(64)}`,
    headers: [
      ["Host", new URL(server.url).host],
      ["Transfer-Encoding", "chunked"],
    ],
    body: `${chunk.repeat(100)}0\r\n\r\n`,
  });
  expect(response.status).toBe(507);
  expect(await filesBelow(folder)).toEqual([]);
});

test("closing waits for an upload that is under way, and then takes no more", async () => {
  await start();
  const bytes = Buffer.from("0123456789");
  const sent = startRequest(`${server.url}/repos/r/data/${sha256(bytes)}`, {
    method: "POST",
    headers: { "content-length": bytes.length },
  });
  const answered = new Promise<number | undefined>((resolve, reject) => {
    sent.on("response", (response) => resolve(response.resume().statusCode));
    sent.on("error", reject);
  });
  sent.write(bytes.subarray(0, 5));
  await settled().toHaveLength(1);
  const closed = server.close();
  sent.end(bytes.subarray(5));
  expect(await answered).toBe(200);
  await closed;
  await expect(fetch(server.url)).rejects.toThrow();
  expect(await filesBelow(folder)).toEqual([sha256(bytes)]);
});

test("a busy port is an error, never another port", async () => {
  await start();
  const again = startEmbeddedServer({ options: ["--listen", `127.0.0.1:${server.port}`] });
  await expect(again).rejects.toMatchObject({ code: "EADDRINUSE" });
});
