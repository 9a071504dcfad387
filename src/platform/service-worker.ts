import { Workbox } from "workbox-window";

/** How the page knows its service worker. */
export interface ServiceWorkerPort {
  /** The worker that answers this page's requests; null if there is none, after a moment for the first one to start. */
  controller(): Promise<ServiceWorker | null>;
  /** Calls back when a newer version waits; `activate` lets it take over and reloads the page. */
  onUpdate(callback: (activate: () => void) => void): void;
}

/** Registers sw.js beside the page. Where that cannot be, the app works without: downloads then have a limit. */
export function registerServiceWorker(): ServiceWorkerPort {
  if (!("serviceWorker" in navigator)) return { controller: async () => null, onUpdate: () => {} };
  const workbox = new Workbox(new URL("sw.js", document.baseURI).href);
  // A refused registration (a clicked-through certificate, private windows) is told by the missing controller.
  const registered = workbox.register().catch(() => undefined);
  return {
    async controller() {
      if (navigator.serviceWorker.controller || !(await registered)) return navigator.serviceWorker.controller;
      return firstController();
    },
    onUpdate(callback) {
      workbox.addEventListener("waiting", () => {
        callback(() => {
          workbox.addEventListener("controlling", () => location.reload());
          workbox.messageSkipWaiting();
        });
      });
    },
  };
}

const startingMs = 3000;

function firstController(): Promise<ServiceWorker | null> {
  return new Promise((resolve) => {
    const settle = () => {
      clearTimeout(timer);
      navigator.serviceWorker.removeEventListener("controllerchange", settle);
      resolve(navigator.serviceWorker.controller);
    };
    const timer = setTimeout(settle, startingMs);
    navigator.serviceWorker.addEventListener("controllerchange", settle);
  });
}
