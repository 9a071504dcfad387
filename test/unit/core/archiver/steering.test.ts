import { expect, test } from "vitest";
import { type ShrunkFolder, Steering } from "../../../../src/core/archiver/steering.ts";
import { rawNameOf } from "../../../../src/core/base/raw-name.ts";

const signal = new AbortController().signal;

function shrunk(name: string): ShrunkFolder {
  return { kind: "shrunk", path: [rawNameOf(name)], before: 100, now: 1 };
}

function turn(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve));
}

/** Says whether a promise has settled by now. */
async function isSettled(promise: Promise<unknown>): Promise<boolean> {
  let settled = false;
  const mark = () => {
    settled = true;
  };
  promise.then(mark, mark);
  await turn();
  return settled;
}

test("a run that is not paused passes at once", async () => {
  expect(await isSettled(new Steering().passGate(signal))).toBe(true);
});

test("a paused run waits at the gate until it is resumed, all that wait there", async () => {
  const steering = new Steering();
  steering.pause();
  expect(steering.paused).toBe(true);
  const passing = [steering.passGate(signal), steering.passGate(signal)];
  expect(await isSettled(Promise.race(passing))).toBe(false);
  steering.resume();
  expect(await isSettled(Promise.all(passing))).toBe(true);
  expect(steering.paused).toBe(false);
});

test("what is paused again at once waits on", async () => {
  const steering = new Steering();
  steering.pause();
  const passing = steering.passGate(signal);
  steering.resume();
  steering.pause();
  expect(await isSettled(passing)).toBe(false);
  steering.resume();
  await passing;
});

test("a paused run can be cancelled, with the reason of the cancelling", async () => {
  const steering = new Steering();
  const controller = new AbortController();
  steering.pause();
  const passing = steering.passGate(controller.signal);
  controller.abort(new Error("cancelled"));
  await expect(passing).rejects.toThrow("cancelled");
  await expect(steering.passGate(controller.signal)).rejects.toThrow("cancelled");
  steering.resume();
});

test("while a question is open the gate is closed; the answer opens it", async () => {
  const steering = new Steering();
  const asked = steering.ask(shrunk("Documents"), signal);
  await turn();
  expect(steering.question).toMatchObject({ kind: "shrunk", path: ["Documents"], before: 100, now: 1 });
  const passing = steering.passGate(signal);
  expect(await isSettled(passing)).toBe(false);
  steering.answer(steering.question?.id ?? -1, "believe");
  expect(await asked).toBe("believe");
  await passing;
  expect(steering.question).toBe(null);
});

test("one question is asked at a time, and an answer counts for its own question only", async () => {
  const steering = new Steering();
  const first = steering.ask(shrunk("first"), signal);
  const second = steering.ask(shrunk("second"), signal);
  await turn();
  const firstId = steering.question?.id ?? -1;
  expect(steering.question?.path).toEqual(["first"]);
  steering.answer(firstId + 1, "stop");
  expect(await isSettled(first)).toBe(false);
  steering.answer(firstId, "believe");
  expect(await first).toBe("believe");
  await turn();
  expect(steering.question?.path).toEqual(["second"]);
  steering.answer(firstId, "believe");
  expect(await isSettled(second)).toBe(false);
  steering.answer(steering.question?.id ?? -1, "stop");
  expect(await second).toBe("stop");
});

test("a run that is cancelled takes its question back", async () => {
  const steering = new Steering();
  const controller = new AbortController();
  const asked = steering.ask(shrunk("Documents"), controller.signal);
  const waiting = steering.ask(shrunk("Music"), controller.signal);
  const ended = Promise.allSettled([asked, waiting]);
  controller.abort(new Error("cancelled"));
  expect((await ended).map(({ status }) => status)).toEqual(["rejected", "rejected"]);
  expect(steering.question).toBe(null);
});

test("an answer to a paused run does not resume it", async () => {
  const steering = new Steering();
  steering.pause();
  const asked = steering.ask(shrunk("Documents"), signal);
  await turn();
  steering.answer(steering.question?.id ?? -1, "believe");
  await asked;
  const passing = steering.passGate(signal);
  expect(await isSettled(passing)).toBe(false);
  steering.resume();
  await passing;
});
