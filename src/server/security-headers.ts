/** What the page may reach beside its own origin. */
export interface SecurityPolicy {
  readonly connectSources: readonly string[];
}

/**
 * The headers of every answer, whatever its status. Scripts and workers come from `/assets/` and `/sw.js` only, and from
 * `/sw-offline/`, where the page's service worker shows `/assets/` and this server has nothing: with 'self' a file of a repository, which has the same origin, could be loaded as one. A path in a CSP source needs the
 * whole origin before it.
 */
export function securityHeaders(origin: string, policy: SecurityPolicy): Record<string, string> {
  return {
    "Content-Security-Policy": contentSecurityPolicy(origin, policy),
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Permissions-Policy": permissionsPolicy,
    "X-Robots-Tag": "noindex",
  };
}

/** Repository bytes are never a page: should a browser ever show one, it is sandboxed, and saved instead of shown. */
export function repositoryHeaders(origin: string, policy: SecurityPolicy): Record<string, string> {
  return {
    ...securityHeaders(origin, policy),
    "Content-Security-Policy": `${contentSecurityPolicy(origin, policy)}; sandbox`,
    "Content-Disposition": "attachment",
    "Cache-Control": "no-store",
  };
}

function contentSecurityPolicy(origin: string, policy: SecurityPolicy): string {
  const assets = `${origin}/assets/`;
  const scripts = `${assets} ${origin}/sw.js ${origin}/sw-offline/`;
  return [
    "default-src 'none'",
    `script-src ${scripts} 'wasm-unsafe-eval'`,
    `worker-src ${scripts}`,
    `style-src ${assets}`,
    "img-src 'self' blob: data:",
    `font-src ${assets}`,
    ["connect-src 'self'", ...policy.connectSources].join(" "),
    "manifest-src 'self'",
    // The hidden frame of a download that the service worker streams.
    "frame-src 'self'",
    "require-trusted-types-for 'script'",
    "trusted-types svelte-trusted-html default",
    "frame-ancestors 'none'",
    "base-uri 'none'",
    "form-action 'none'",
  ].join("; ");
}

const permissionsPolicy = [
  "accelerometer",
  "camera",
  "display-capture",
  "geolocation",
  "gyroscope",
  "hid",
  "magnetometer",
  "microphone",
  "midi",
  "payment",
  "serial",
  "usb",
]
  .map((feature) => `${feature}=()`)
  .join(", ");
