import { Workbox } from "workbox-window";
import { downloadFolder } from "../workers/download-message.ts";

/** How the page knows its service worker. */
export interface ServiceWorkerPort {
  /** The worker that answers downloads; null if there is none, after a moment for the first one to start. */
  active(): Promise<ServiceWorker | null>;
}

/**
 * Registers sw.js beside the page for downloads: this registration controls neither the page nor its workers (the app shell
 * has others, see app-shell.ts). Where registering is refused, the app works without: downloads then have a limit.
 */
export function registerServiceWorker(): ServiceWorkerPort {
  // Vite's own server has no sw.js.
  if (!("serviceWorker" in navigator) || import.meta.env.DEV) return { active: async () => null };
  const scope = new URL(downloadFolder, document.baseURI).href;
  const workbox = new Workbox(new URL("sw.js", document.baseURI).href, { scope });
  // A refused registration (a clicked-through certificate, private windows) is told by the missing worker.
  const registered = workbox.register().catch(() => undefined);
  return {
    async active() {
      const registration = await registered;
      return registration ? activeOf(registration) : null;
    },
  };
}

const startingMs = 3000;

function activeOf(registration: ServiceWorkerRegistration): Promise<ServiceWorker | null> {
  const starting = registration.installing ?? registration.waiting;
  if (registration.active || !starting) return Promise.resolve(registration.active);
  return new Promise((resolve) => {
    const settle = () => {
      clearTimeout(timer);
      starting.removeEventListener("statechange", look);
      resolve(registration.active);
    };
    const look = () => {
      if (registration.active) settle();
    };
    const timer = setTimeout(settle, startingMs);
    starting.addEventListener("statechange", look);
  });
}
