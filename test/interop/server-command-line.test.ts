import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtemp, readdir, rm } from "node:fs/promises";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterEach, beforeEach, expect, test } from "vitest";

const main = fileURLToPath(new URL("../../src/server/main.ts", import.meta.url));
let folder = "";
let running: ChildProcess | undefined;

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), "holdall-command-"));
});
afterEach(async () => {
  if (running?.exitCode === null) running.kill("SIGKILL");
  await rm(folder, { recursive: true, force: true });
});

interface Started {
  readonly child: ChildProcess;
  readonly said: () => string;
}

function start(...options: string[]): Started {
  const child = spawn(process.execPath, ["--import", "tsx", main, "--data", join(folder, "data"), ...options], {
    stdio: ["ignore", "pipe", "pipe"],
  });
  running = child;
  const pieces: Buffer[] = [];
  child.stdout?.on("data", (piece: Buffer) => pieces.push(piece));
  child.stderr?.on("data", (piece: Buffer) => pieces.push(piece));
  return { child, said: () => Buffer.concat(pieces).toString() };
}

async function ended({ child }: Started): Promise<number | null> {
  if (child.exitCode === null) await once(child, "close");
  return child.exitCode;
}

async function greeting(started: Started): Promise<string> {
  const isThere = () => /Users are |password {2}|holdall:/.test(started.said());
  await expect.poll(isThere, { timeout: 20_000 }).toBe(true);
  return started.said();
}

test("the first start prints address, folder and login; the login works; the second start does not show it again", async () => {
  const first = start("--listen", "127.0.0.1:0");
  const said = await greeting(first);
  const [, url = ""] = /Holdall is at (http:\/\/127\.0\.0\.1:\d+\/)/.exec(said) ?? [];
  const [, user = ""] = /user +(\S+)/.exec(said) ?? [];
  const [, password = ""] = /password +(\S+)/.exec(said) ?? [];
  expect(said).toContain(join(folder, "data"));
  const create = (secret: string) =>
    fetch(`${url}repos/mine/?create=true`, {
      method: "POST",
      headers: { authorization: `Basic ${Buffer.from(`${user}:${secret}`).toString("base64")}` },
    });
  expect((await create(password)).status).toBe(200);
  expect((await create(`${password}x`)).status).toBe(401);
  first.child.kill("SIGTERM");
  expect(await ended(first)).toBe(0);

  const second = start("--listen", "127.0.0.1:0");
  const again = await greeting(second);
  expect(again).not.toContain(password);
  expect(again).not.toMatch(/password {2}/);
  second.child.kill("SIGINT");
  expect(await ended(second)).toBe(0);
});

test("a busy port ends the program with words, and uses up no login", async () => {
  const other = createServer().listen(0, "127.0.0.1");
  await once(other, "listening");
  const address = other.address();
  const port = typeof address === "object" ? address?.port : undefined;
  try {
    const started = start("--listen", `127.0.0.1:${port}`);
    expect(await ended(started)).toBe(1);
    expect(started.said()).toMatch(/taken/);
    expect(await readdir(join(folder, "data"))).toEqual([]);
  } finally {
    other.close();
  }
});

test("a command line that cannot be followed ends with 2 and its reason, --help with the options", async () => {
  const wrong = start("--listen", "everywhere");
  expect(await ended(wrong)).toBe(2);
  expect(wrong.said()).toMatch(/HOST:PORT/);
  const help = start("--help");
  expect(await ended(help)).toBe(0);
  expect(help.said()).toContain("--append-only");
});
