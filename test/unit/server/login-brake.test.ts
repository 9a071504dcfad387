import { expect, test } from "vitest";
import { LoginBrake, TooManyLogins } from "../../../src/server/login-brake.ts";
import { TestClock } from "../../support/test-clock.ts";

const fail = async () => undefined;
const succeed = async () => "anna";

/** How long each of these attempts, one after the other, had to wait, in seconds. */
async function waits(brake: LoginBrake, clock: TestClock, addresses: readonly string[]): Promise<number[]> {
  const seconds: number[] = [];
  for (const address of addresses) {
    const before = clock.now();
    await clock.run(brake.attempt(address, fail));
    seconds.push((clock.now() - before) / 1000);
  }
  return seconds;
}

function times(count: number, address: string): string[] {
  return Array.from({ length: count }, () => address);
}

test("three failures are free, then the pause doubles up to 16 seconds; another address does not wait", async () => {
  const clock = new TestClock();
  const brake = new LoginBrake(clock);
  expect(await waits(brake, clock, times(9, "192.0.2.1"))).toEqual([0, 0, 0, 1, 2, 4, 8, 16, 16]);
  expect(await waits(brake, clock, ["192.0.2.2"])).toEqual([0]);
});

test("guesses that come at once are made one after the other, with the same pauses", async () => {
  const clock = new TestClock();
  const brake = new LoginBrake(clock);
  const started = clock.now();
  const madeAt: number[] = [];
  const guess = () =>
    brake.attempt("192.0.2.1", async () => {
      madeAt.push((clock.now() - started) / 1000);
      return undefined;
    });
  await clock.run(Promise.all(Array.from({ length: 7 }, guess)));
  expect(madeAt).toEqual([0, 0, 0, 1, 3, 7, 15]);
});

test("a good login waits its turn, wins, and neither adds to the pause nor takes it away", async () => {
  const clock = new TestClock();
  const brake = new LoginBrake(clock);
  await waits(brake, clock, times(4, "192.0.2.1"));
  const before = clock.now();
  expect(await clock.run(brake.attempt("192.0.2.1", succeed))).toBe("anna");
  expect(clock.now() - before).toBe(2_000);
  expect(await waits(brake, clock, ["192.0.2.1"])).toEqual([0]);
  expect(await waits(brake, clock, ["192.0.2.1"])).toEqual([4]);
});

test("all addresses of one IPv6 network count as one, and IPv4 is IPv4 however it is written", async () => {
  const clock = new TestClock();
  const brake = new LoginBrake(clock);
  const network = ["2001:db8::1", "2001:db8:0:0:1::2", "2001:db8::ffff:3", "2001:db8::4"];
  expect(await waits(brake, clock, network)).toEqual([0, 0, 0, 1]);
  expect(await waits(brake, clock, ["2001:db8:0:1::1"])).toEqual([0]);
  expect(await waits(brake, clock, [...times(3, "::ffff:192.0.2.1"), "192.0.2.1"])).toEqual([0, 0, 0, 1]);
});

test("a full line shuts nobody out: whoever comes is let in, and one drawn by lot is told to come again", async () => {
  const clock = new TestClock();
  const brake = new LoginBrake(clock, () => 0);
  await waits(brake, clock, times(8, "192.0.2.1"));
  const refused: number[] = [];
  const guesses = Array.from({ length: 32 }, (_, at) =>
    brake.attempt("192.0.2.1", fail).catch((error: unknown) => {
      expect(error).toBeInstanceOf(TooManyLogins);
      refused.push(at);
    }),
  );
  const honest = brake.attempt("192.0.2.1", succeed);
  await clock.advance(0);
  expect(refused).toEqual([0]);
  expect(await clock.run(honest)).toBe("anna");
  await clock.run(Promise.all(guesses));
});

test("an address is forgotten after a quiet quarter of an hour, a clock that is set back lengthens nothing", async () => {
  const clock = new TestClock();
  const brake = new LoginBrake(clock);
  await waits(brake, clock, times(8, "192.0.2.1"));
  await clock.advance(15 * 60_000 + 1);
  expect(await waits(brake, clock, times(4, "192.0.2.1"))).toEqual([0, 0, 0, 1]);
  await clock.sleepThrough(-3_600_000);
  expect(await waits(brake, clock, ["192.0.2.1"])).toEqual([16]);
});

test("memory is bounded: ten thousand addresses, and none for who never failed", async () => {
  const clock = new TestClock();
  const brake = new LoginBrake(clock);
  for (let at = 0; at < 10_050; at++) await brake.attempt(`10.0.${at >> 8}.${at & 255}`, fail);
  expect(brake.size).toBe(10_000);
  const fresh = new LoginBrake(clock);
  await fresh.attempt("192.0.2.1", succeed);
  await clock.advance(0);
  expect(fresh.size).toBe(0);
});

test("an attempt that breaks is its own maker's error, and the next one goes on", async () => {
  const brake = new LoginBrake(new TestClock());
  const broken = brake.attempt("192.0.2.1", async () => {
    throw new Error("the password file is gone");
  });
  await expect(broken).rejects.toThrow("the password file is gone");
  expect(await brake.attempt("192.0.2.1", succeed)).toBe("anna");
});
