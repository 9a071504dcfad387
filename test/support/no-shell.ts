import type { ShellPort } from "../../src/ui/ports.ts";

/** A browser that refuses service workers. */
export const noShell: ShellPort = {
  isInstalled: async () => false,
  install: async () => {},
  remove: async () => {},
  watchUpdates: () => () => {},
  applyUpdate: () => {},
};
