/** Builds kernels, app and server unless they were built from just these files. Ends the process if it fails. */
export function ensureBuilt(): void;
