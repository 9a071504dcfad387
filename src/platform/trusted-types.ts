/**
 * Installs the default Trusted Types policy: the page's CSP demands one for `new Worker(…)` and the service worker's
 * registration. It lets script URLs of this origin pass and nothing else. To be called first of all in the page and in
 * every worker that starts workers; does nothing when called again, or where the browser has no Trusted Types.
 */
export function installTrustedTypes(): void {
  const { trustedTypes } = globalThis;
  if (!trustedTypes || trustedTypes.defaultPolicy) return;
  trustedTypes.createPolicy("default", { createScriptURL: sameOriginScriptUrl });
}

/** The URL if it is a file of this origin, else null, which the browser refuses. */
export function sameOriginScriptUrl(url: string): string | null {
  const { origin, protocol, href } = globalThis.location;
  if (!URL.canParse(url, href)) return null;
  const target = new URL(url, href);
  // A blob: URL has the origin of whoever made it, and anything in it.
  return target.origin === origin && target.protocol === protocol ? url : null;
}

interface TrustedTypePolicies {
  readonly defaultPolicy: object | null;
  createPolicy(name: string, rules: { createScriptURL(url: string): string | null }): unknown;
}

declare global {
  var trustedTypes: TrustedTypePolicies | undefined;
}
