import type { NetworkState } from "../core/backend/with-retry.ts";

/** The browser's word on the network, in the page or in a worker. "Online" is only a guess: any interface will do. */
export const connectivity: NetworkState = {
  isOnline: () => navigator.onLine,
  untilOnline(signal) {
    if (navigator.onLine) return Promise.resolve();
    return new Promise((resolve, reject) => {
      if (signal.aborted) {
        reject(signal.reason);
        return;
      }
      const settle = (end: () => void) => () => {
        stop();
        end();
      };
      const online = settle(resolve);
      const abort = settle(() => reject(signal.reason));
      const stop = () => {
        removeEventListener("online", online);
        signal.removeEventListener("abort", abort);
      };
      addEventListener("online", online);
      signal.addEventListener("abort", abort);
    });
  },
};

/** Tells every change until the returned function is called. */
export function watchConnectivity(onChange: (isOnline: boolean) => void): () => void {
  const tell = () => onChange(navigator.onLine);
  addEventListener("online", tell);
  addEventListener("offline", tell);
  return () => {
    removeEventListener("online", tell);
    removeEventListener("offline", tell);
  };
}
