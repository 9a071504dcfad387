import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { isAbort } from "../../../src/core/base/errors.ts";
import { connectivity, watchConnectivity } from "../../../src/platform/connectivity.ts";

let browser: EventTarget;

beforeEach(() => {
  browser = new EventTarget();
  vi.stubGlobal("addEventListener", browser.addEventListener.bind(browser));
  vi.stubGlobal("removeEventListener", browser.removeEventListener.bind(browser));
});
afterEach(() => vi.unstubAllGlobals());

function goes(state: "online" | "offline"): void {
  vi.stubGlobal("navigator", { onLine: state === "online" });
  browser.dispatchEvent(new Event(state));
}

test("waiting ends when the network is back", async () => {
  goes("offline");
  expect(connectivity.isOnline()).toBe(false);
  const order: string[] = [];
  const waiting = connectivity.untilOnline(new AbortController().signal).then(() => order.push("waited"));
  await Promise.resolve();
  order.push("still offline");
  goes("online");
  await waiting;
  expect(order).toEqual(["still offline", "waited"]);
  await connectivity.untilOnline(new AbortController().signal);
});

test("waiting ends with an abort", async () => {
  goes("offline");
  const controller = new AbortController();
  const waiting = connectivity.untilOnline(controller.signal).catch((error: unknown) => error);
  controller.abort();
  expect(isAbort(await waiting)).toBe(true);
  expect(isAbort(await connectivity.untilOnline(controller.signal).catch((error: unknown) => error))).toBe(true);
});

test("changes are told until nobody wants to know", () => {
  const told: boolean[] = [];
  const stop = watchConnectivity((isOnline) => told.push(isOnline));
  goes("offline");
  goes("online");
  stop();
  goes("offline");
  expect(told).toEqual([false, true]);
});
