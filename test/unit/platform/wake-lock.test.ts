import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { keepAwake } from "../../../src/platform/wake-lock.ts";

/** A page that is shown and hidden; the browser takes its lock whenever it is hidden. */
class Screen extends EventTarget {
  visibilityState: "visible" | "hidden" = "visible";
  held = 0;
  refusal: Error | null = null;

  readonly wakeLock = {
    request: async () => {
      if (this.refusal) throw this.refusal;
      this.held++;
      let isHeld = true;
      const release = async () => {
        if (isHeld) this.held--;
        isHeld = false;
      };
      this.releases.push(release);
      return { release };
    },
  };
  private readonly releases: (() => Promise<void>)[] = [];

  async turn(state: "visible" | "hidden"): Promise<void> {
    this.visibilityState = state;
    if (state === "hidden") for (const release of this.releases) await release();
    this.dispatchEvent(new Event("visibilitychange"));
    await settled();
  }
}

async function settled(): Promise<void> {
  await new Promise((resolve) => setImmediate(resolve));
}

let screen: Screen;
beforeEach(() => {
  screen = new Screen();
  vi.stubGlobal("document", screen);
  vi.stubGlobal("navigator", { wakeLock: screen.wakeLock });
});
afterEach(() => vi.unstubAllGlobals());

test("the screen stays on until it is let go, with one lock at a time", async () => {
  const letGo = keepAwake();
  await settled();
  expect(screen.held).toBe(1);
  await screen.turn("visible");
  expect(screen.held).toBe(1);
  letGo();
  await settled();
  expect(screen.held).toBe(0);
});

test("the lock is taken again whenever the page is shown, and not any more after the end", async () => {
  const letGo = keepAwake();
  for (let i = 0; i < 3; i++) {
    await screen.turn("hidden");
    expect(screen.held).toBe(0);
    await screen.turn("visible");
    expect(screen.held).toBe(1);
  }
  letGo();
  await screen.turn("hidden");
  await screen.turn("visible");
  expect(screen.held).toBe(0);
});

test("whoever lets go while the browser still thinks leaves no lock", async () => {
  keepAwake()();
  await settled();
  expect(screen.held).toBe(0);
});

test("a browser that refuses, or knows no locks, is no error", async () => {
  screen.refusal = new DOMException("the battery is low", "NotAllowedError");
  const letGo = keepAwake();
  await settled();
  screen.refusal = null;
  await screen.turn("hidden");
  await screen.turn("visible");
  expect(screen.held).toBe(1);
  letGo();
  vi.stubGlobal("navigator", {});
  keepAwake()();
  await settled();
});
