import { mkdtemp, rm, stat, utimes, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { makeUpLogin, ownPasswordFile } from "../../../src/server/data-folder.ts";
import { LoginGate, parseBasic } from "../../../src/server/login-gate.ts";
import { PasswordFile, PasswordFileError, parsePasswordFile } from "../../../src/server/password-file.ts";
import { TestClock } from "../../support/test-clock.ts";

// A bcrypt hash that many texts give as their example, with the prefix of Apache's htpasswd, and a {SHA} entry.
const annaBcrypt = "anna:$2y$12$R9h/cIPz0gi.URNNX3kh2OPST9/PgBkqquzi.Ss7KIUgO2t0jWMUW";
const bertSha = "bert:{SHA}5en6G6MezRroT3XKqkdPOmY/BfQ=";

const home = "192.0.2.1";
let folder = "";
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), "holdall-passwords-"));
});
afterEach(() => rm(folder, { recursive: true }));

function basic(user: string, password: string): string {
  return `Basic ${Buffer.from(`${user}:${password}`).toString("base64")}`;
}

test("a made-up login opens its own password file, nothing else does, and it is made once", async () => {
  const login = await makeUpLogin(folder);
  if (login === undefined) throw new Error("no login was made");
  expect(login.password).toMatch(/^([a-z2-9]{5}-){4}[a-z2-9]{5}$/);
  const file = await PasswordFile.open(ownPasswordFile(folder));
  expect(await file.accepts(login.user, login.password)).toBe(true);
  expect(await file.accepts(login.user, `${login.password}x`)).toBe(false);
  expect(await file.accepts("nobody", login.password)).toBe(false);
  expect((await stat(ownPasswordFile(folder))).mode & 0o777).toBe(0o600);
  expect(await makeUpLogin(folder)).toBeUndefined();
});

test("bcrypt and SHA entries are understood, other kinds are refused by line", async () => {
  const path = join(folder, "passwords");
  await writeFile(path, `# users\n\n${annaBcrypt}\r\n${bertSha}\n`);
  const file = await PasswordFile.open(path);
  expect(await file.accepts("bert", "secret")).toBe(true);
  expect(await file.accepts("bert", "Secret")).toBe(false);
  expect(await file.accepts("anna", "abc123xyz")).toBe(true);
  expect(await file.accepts("anna", "secret")).toBe(false);
  expect(() => parsePasswordFile(`${bertSha}\ncarl:$apr1$x$y`)).toThrow(/line 2/);
  expect(() => parsePasswordFile("carl:plain")).toThrow(PasswordFileError);
});

test("a good login is compared once a minute, and again when the file changes", async () => {
  const path = join(folder, "passwords");
  await writeFile(path, `${bertSha}\n`);
  const file = await PasswordFile.open(path);
  let compared = 0;
  const accepts = file.accepts.bind(file);
  file.accepts = (user, password) => {
    compared += 1;
    return accepts(user, password);
  };
  const clock = new TestClock();
  const gate = new LoginGate(file, clock);
  const header = basic("bert", "secret");
  expect(await Promise.all([gate.userOf(header, home), gate.userOf(header, home)])).toEqual(["bert", "bert"]);
  expect(await gate.userOf(header, home)).toBe("bert");
  expect(await gate.userOf(header.replace("Basic ", "basic   "), home)).toBe("bert");
  expect(compared).toBe(1);
  await clock.advance(60_001);
  expect(await gate.userOf(header, home)).toBe("bert");
  expect(compared).toBe(2);
  await writeFile(path, "# bert has left\n");
  await utimes(path, 1, 1);
  expect(await gate.userOf(header, home)).toBeUndefined();
});

test("a bad login is never remembered as a good one", async () => {
  const path = join(folder, "passwords");
  await writeFile(path, `${bertSha}\n`);
  const clock = new TestClock();
  const gate = new LoginGate(await PasswordFile.open(path), clock);
  for (const header of [
    undefined,
    "",
    "Basic",
    "Basic !!",
    "Bearer x",
    basic("bert", "wrong"),
    basic("", ""),
    "Basic YmVydA==",
  ]) {
    for (let time = 0; time < 2; time++) expect(await clock.run(gate.userOf(header, home))).toBeUndefined();
  }
});

test("a login that was good today does not wait behind somebody else's guesses from the same address", async () => {
  const path = join(folder, "passwords");
  await writeFile(path, `${bertSha}\n`);
  const clock = new TestClock();
  const file = await PasswordFile.open(path);
  let compared = 0;
  const accepts = file.accepts.bind(file);
  file.accepts = (user, password) => {
    compared += 1;
    return accepts(user, password);
  };
  const gate = new LoginGate(file, clock);
  expect(await gate.userOf(basic("bert", "secret"), home)).toBe("bert");
  await clock.advance(120_000);
  const guesses = Array.from({ length: 30 }, (_, at) => gate.userOf(basic("bert", `guess ${at}`), home));
  await expect.poll(() => clock.pending, { timeout: 10_000 }).toBe(1); // the guesses wait
  expect(compared).toBe(4);
  expect(await gate.userOf(basic("bert", "secret"), home)).toBe("bert");
  expect(await gate.userOf(basic("bert", "wrong"), "198.51.100.1")).toBeUndefined();
  expect(await clock.run(Promise.all(guesses))).toEqual(Array.from({ length: 30 }, () => undefined));
});

test("no more than a thousand logins are remembered", async () => {
  const path = join(folder, "passwords");
  await writeFile(path, `${bertSha}\n`);
  const file = await PasswordFile.open(path);
  let compared = 0;
  file.accepts = async () => {
    compared += 1;
    return true;
  };
  const gate = new LoginGate(file, new TestClock());
  for (let at = 0; at <= 1000; at++) await gate.userOf(basic("bert", String(at)), home);
  await gate.userOf(basic("bert", "1000"), home);
  expect(compared).toBe(1001);
  await gate.userOf(basic("bert", "0"), home);
  expect(compared).toBe(1002);
});

test("a Basic header is UTF-8, and the password may hold colons", () => {
  expect(parseBasic(basic("änne", "a:b"))).toEqual({ user: "änne", password: "a:b" });
});
