/** Where the built scripts, styles and kernels are, below the page. */
export const assetFolder = "assets/";

/**
 * The same files under a second address, at which no server has any: the app shell alone answers there, from what it keeps.
 * A worker that was started from here runs without a network, but Chromium's browser process holds whatever it uploads.
 */
export const offlineFolder = "sw-offline/";

/** Begins the names of the caches in which the shell of the page at this address keeps its versions. */
export function shellCachePrefix(root: string): string {
  return `holdall-shell ${root} `;
}
