import { createHash } from "node:crypto";
import { once } from "node:events";
import { mkdtemp, readdir, rm, stat } from "node:fs/promises";
import { createServer } from "node:http";
import { type AddressInfo, connect, type Socket } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { PassThrough } from "node:stream";
import { text } from "node:stream/consumers";
import { afterEach, beforeEach, expect, test } from "vitest";
import { limitPerAddress } from "../../../src/server/listener.ts";
import {
  type EmbeddedServer,
  type EmbeddedServerSettings,
  startEmbeddedServer,
} from "../../support/embedded-server.ts";
import { sendRaw } from "../../support/raw-http.ts";
import { TestClock } from "../../support/test-clock.ts";

const soon = { timeout: 10_000 };
const anyId = "a".repeat(64);
let folder = "";
let server: EmbeddedServer;
const sockets: Socket[] = [];

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), "holdall-listener-"));
});
afterEach(async () => {
  for (const socket of sockets.splice(0)) socket.destroy();
  await server?.close();
  await rm(folder, { recursive: true, force: true });
});

async function start(settings: EmbeddedServerSettings = {}): Promise<void> {
  server = await startEmbeddedServer({ dataDirectory: folder, ...settings });
}

/** A connection over which these words were said; a reset is an end like any other. */
function say(...lines: string[]): Socket {
  const socket = connect(server.port, "127.0.0.1");
  socket.on("error", () => undefined);
  sockets.push(socket);
  socket.write(lines.join("\r\n"));
  return socket;
}

function sayUpload(announcedLength: number, body: string): Socket {
  const target = `/repos/r/data/${anyId}`;
  return say(`POST ${target} HTTP/1.1`, `Host: ${host()}`, `Content-Length: ${announcedLength}`, "", body);
}

function host(): string {
  return new URL(server.url).host;
}

async function closed(socket: Socket): Promise<void> {
  socket.resume();
  if (!socket.closed) await once(socket, "close");
}

async function uploads(): Promise<string[]> {
  const names = await readdir(folder, { recursive: true });
  return names.filter((name) => name.includes(".upload-"));
}

async function uploadedBytes(): Promise<number> {
  const sizes = (await uploads()).map(async (name) => (await stat(join(folder, name))).size);
  return (await Promise.all(sizes)).reduce((sum, size) => sum + size, 0);
}

async function post(bytes: Uint8Array<ArrayBuffer>): Promise<number> {
  const id = createHash("sha256").update(bytes).digest("hex");
  const response = await fetch(`${server.url}/repos/r/data/${id}`, { method: "POST", body: new Blob([bytes]) });
  await response.arrayBuffer();
  return response.status;
}

test.each([
  ["nothing at all", ""],
  ["half a request line", "GET /rep"],
  ["headers that do not end", "GET / HTTP/1.1\r\nHost: x\r\nX-More: "],
])("a connection that says %s is told that it took too long, and closed", async (_, words) => {
  await start({ limits: { headMilliseconds: 100, checkMilliseconds: 10 } });
  expect(await text(say(words))).toMatch(/^HTTP\/1\.1 408 [\s\S]*Content-Security-Policy: default-src 'none'/);
});

test("an upload that stops in the middle is cut, leaves nothing, and gives its room back", async () => {
  await start({ options: ["--max-size", "1000"], limits: { idleMilliseconds: 300 } });
  const stalled = sayUpload(800, "five.");
  await expect.poll(uploads, soon).toHaveLength(1);
  expect(await post(new Uint8Array(800))).toBe(507);
  await closed(stalled);
  await expect.poll(uploads, soon).toEqual([]);
  expect(await post(new Uint8Array(800))).toBe(200);
});

test("uploads that come together cannot pass the limit together", async () => {
  await start({ options: ["--max-size", "1000"] });
  const statuses = await Promise.all(Array.from({ length: 8 }, (_, at) => post(new Uint8Array(400).fill(at))));
  expect(statuses.sort()).toEqual([200, 200, 507, 507, 507, 507, 507, 507]);
});

test("the room is taken by the head of an upload, before a byte of its body is there", async () => {
  await start({ options: ["--max-size", "1000"] });
  const waiting = sayUpload(900, "");
  await expect.poll(uploads, soon).toHaveLength(1);
  expect(await post(new Uint8Array(200))).toBe(507);
  waiting.destroy();
  await expect.poll(() => post(new Uint8Array(200)), soon).toBe(200);
});

test("an upload that comes byte by byte is cut; one that moves stays, and takes its time", async () => {
  const clock = new TestClock();
  await start({ clock, limits: { pace: { leastBytes: 1_000, windowMilliseconds: 60_000 } } });
  const trickling = sayUpload(1_000_000, "byte");
  const moving = sayUpload(10_000, "");
  await expect.poll(uploads, soon).toHaveLength(2);
  moving.write("x".repeat(5_000));
  await expect.poll(uploadedBytes, soon).toBe(5_004);
  await clock.advance(60_000);
  await closed(trickling);
  await expect.poll(uploads, soon).toHaveLength(1);
  moving.write("x".repeat(5_000));
  expect(String((await once(moving, "data"))[0])).toMatch(/^HTTP\/1\.1 400 /); // it came as a whole; the hash is another
});

test("a reader that does not read is cut", async () => {
  const clock = new TestClock();
  await start({ clock, options: ["--log-requests"] });
  const bytes = new Uint8Array(50_000_000);
  const id = createHash("sha256").update(bytes).digest("hex");
  expect(await post(bytes)).toBe(200);
  const reader = say(`GET /repos/r/data/${id} HTTP/1.1`, `Host: ${host()}`, "", "");
  await once(reader, "readable");
  // The first windows see how the buffers between the two fill up.
  const isCut = async () => {
    await clock.advance(5 * 60_000);
    return server.log.some((line) => / GET .* 200 cut /.test(line));
  };
  await expect.poll(isCut, soon).toBe(true);
  let received = 0;
  reader.on("data", (piece: Buffer) => {
    received += piece.length;
  });
  await closed(reader);
  expect(received).toBeLessThan(bytes.length);
});

test("a client that waits for an upstream is no slow client", async () => {
  const clock = new TestClock();
  let answerNow = () => undefined as unknown;
  const upstream = createServer((_, response) => {
    answerNow = () => response.end("[]");
  });
  await new Promise<void>((resolve) => upstream.listen(0, "127.0.0.1", resolve));
  try {
    await start({ clock, proxies: { far: `http://127.0.0.1:${(upstream.address() as AddressInfo).port}/` } });
    const asked = once(upstream, "request");
    const answered = fetch(`${server.url}/up/far/r/data/`);
    await asked;
    await clock.advance(20 * 60_000);
    answerNow();
    expect(await (await answered).text()).toBe("[]");
  } finally {
    upstream.closeAllConnections();
    upstream.close();
  }
});

test("a head of more than 16 KiB is refused", async () => {
  await start();
  const headers = [["Host", host()] as const, ["X-Long", "x".repeat(17_000)] as const];
  const answer = await sendRaw(server.url, { method: "GET", target: "/", headers });
  expect([answer.status, answer.headers.get("x-content-type-options")]).toEqual([431, "nosniff"]);
});

test("no header is overlooked for their number", async () => {
  await start();
  const many = Array.from({ length: 2_500 }, () => ["X", ""] as const);
  const headers = [["Host", host()] as const, ...many, ["Host", "evil.example"] as const];
  const answer = await sendRaw(server.url, { method: "GET", target: "/", headers });
  expect([answer.status, answer.body.toString()]).toEqual([400, "exactly one Host header is needed\n"]);
});

test("above the limit of connections a new one is dropped, and those that idle make room", async () => {
  await start({ limits: { connections: 2 } });
  const idle = [1, 2].map(() => say("GET / HTTP/1.1", `Host: ${host()}`, "", ""));
  for (const socket of idle) await once(socket, "data");
  await closed(say("GET / HTTP/1.1", `Host: ${host()}`, "", ""));
  for (const socket of idle) await closed(socket);
  expect((await fetch(server.url)).status).toBe(404);
});

test("one address has its share of connections, this machine's own has no such limit", () => {
  const arrive = limitPerAddress(2);
  const come = (remoteAddress: string) => {
    const socket = Object.assign(new PassThrough(), { remoteAddress });
    arrive(socket as never);
    return socket;
  };
  const [first] = [come("192.0.2.1"), come("192.0.2.1")];
  expect([come("192.0.2.1").destroyed, come("192.0.2.2").destroyed, first?.destroyed]).toEqual([true, false, false]);
  expect([1, 2, 3].map(() => come("127.0.0.1").destroyed)).toEqual([false, false, false]);
  first?.emit("close");
  expect([come("192.0.2.1").destroyed, come("192.0.2.1").destroyed]).toEqual([false, true]);
});

test("closing cuts what does not end within the time of grace", async () => {
  await start({ limits: { closeGraceMilliseconds: 50 } });
  const stalled = sayUpload(800, "five.");
  await expect.poll(uploads, soon).toHaveLength(1);
  await server.close();
  await closed(stalled);
  await expect.poll(uploads, soon).toEqual([]);
});
