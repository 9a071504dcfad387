import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { notifier } from "../../../src/platform/notifier.ts";

let shown: string[];
let permission: NotificationPermission;
let mayPagesShow: boolean;

class FakeNotification {
  constructor(title: string, { body = "" }: NotificationOptions) {
    if (!mayPagesShow) throw new TypeError("only service workers");
    shown.push(`page: ${title}: ${body}`);
  }

  static get permission() {
    return permission;
  }

  static async requestPermission() {
    if (permission === "default") permission = "granted";
    return permission;
  }
}

beforeEach(() => {
  shown = [];
  permission = "granted";
  mayPagesShow = true;
  vi.stubGlobal("Notification", FakeNotification);
  vi.stubGlobal("document", { visibilityState: "hidden" });
  const registration = {
    active: {},
    showNotification: async (title: string, { body }: NotificationOptions) =>
      void shown.push(`worker: ${title}: ${body}`),
  };
  vi.stubGlobal("navigator", {
    serviceWorker: { getRegistrations: async () => [{ active: null }, registration] },
  });
});
afterEach(() => vi.unstubAllGlobals());

const notice = { title: "Backup finished", text: "3 files new." };

test("a notice is shown to who looks elsewhere, and to nobody else", () => {
  notifier.tell(notice);
  expect(shown).toEqual(["page: Backup finished: 3 files new."]);
  vi.stubGlobal("document", { visibilityState: "visible" });
  notifier.tell(notice);
  expect(shown).toHaveLength(1);
});

test("where pages may not show notices, a service worker does", async () => {
  mayPagesShow = false;
  notifier.tell(notice);
  await new Promise((resolve) => setImmediate(resolve));
  expect(shown).toEqual(["worker: Backup finished: 3 files new."]);
});

test("nothing is shown that the user has not allowed", async () => {
  permission = "default";
  notifier.tell(notice);
  expect([notifier.permission(), shown]).toEqual(["ask", []]);
  expect(await notifier.ask()).toBe(true);
  expect(notifier.permission()).toBe("granted");
  permission = "denied";
  expect([notifier.permission(), await notifier.ask()]).toEqual(["denied", false]);
});

test("a browser that knows no notices refuses them", async () => {
  vi.unstubAllGlobals();
  expect(notifier.permission()).toBe("denied");
  expect(await notifier.ask()).toBe(false);
});
