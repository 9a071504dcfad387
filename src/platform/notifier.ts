export interface Notice {
  title: string;
  text: string;
}

/** Notices of the system, for somebody who looks elsewhere. */
export const notifier = {
  permission(): "granted" | "denied" | "ask" {
    if (!("Notification" in globalThis)) return "denied";
    return Notification.permission === "default" ? "ask" : Notification.permission;
  },

  /** Needs a click. False: refused. */
  async ask(): Promise<boolean> {
    if (!("Notification" in globalThis)) return false;
    return (await Notification.requestPermission()) === "granted";
  },

  /** Shows it if the page is hidden. A notice that cannot be shown is no error: the page says the same. */
  tell({ title, text }: Notice): void {
    if (document.visibilityState === "visible" || notifier.permission() !== "granted") return;
    const options = { body: text, tag: "holdall-job" };
    try {
      const shown = new Notification(title, options);
      shown.onclick = () => {
        window.focus();
        shown.close();
      };
    } catch {
      // Chromium on Android lets only service workers show them.
      void showByWorker(title, options).catch(() => {});
    }
  },
};

async function showByWorker(title: string, options: NotificationOptions): Promise<void> {
  const registrations = await navigator.serviceWorker.getRegistrations();
  await registrations.find(({ active }) => active !== null)?.showNotification(title, options);
}
