import { assetFolder, offlineFolder } from "../workers/app-folders.ts";

/**
 * Whether this page runs under the policy that its server is to send (src/server/security-headers.ts): no code but the
 * app's own can run in it, and nobody can frame it. Without that a file of a repository, served from the same origin, could
 * become a script of the page that holds the password.
 *
 * Believed is what the browser does, tried with two deeds that the policy forbids (so each start writes two refusals to the
 * browser's console), and then what the server says of the rest. Without an answer the deeds decide: a page that
 * comes from the app's shell has the headers that were kept with it.
 */
export async function isPageProtected(): Promise<boolean> {
  // Vite's own server sends no such headers, and has no other business than trying things out.
  if (import.meta.env.DEV) return true;
  if (globalThis.top !== globalThis.self || !enforcesTrustedTypes()) return false;
  const [refusesScripts, headers] = await Promise.all([refusesOtherScripts(), pageHeaders()]);
  return refusesScripts && (headers === null || isStrictPolicy(headers));
}

/** Browsers without Trusted Types have the other half of the policy. */
function enforcesTrustedTypes(): boolean {
  if (globalThis.trustedTypes === undefined) return true;
  try {
    document.createElement("div").innerHTML = "<p></p>";
    return false;
  } catch {
    return true;
  }
}

/** There is no such file; with the policy in force it is not even asked for. */
const probe = "page-policy-probe.js";
// The two events come from different queues.
const laterMs = 200;

function refusesOtherScripts(): Promise<boolean> {
  const script = document.createElement("script");
  script.type = "module";
  script.src = new URL(probe, document.baseURI).href;
  return new Promise<boolean>((resolve) => {
    const onViolation = ({ blockedURI }: SecurityPolicyViolationEvent) => {
      if (blockedURI === script.src) settle(true);
    };
    const settle = (isRefused: boolean) => {
      document.removeEventListener("securitypolicyviolation", onViolation);
      script.remove();
      resolve(isRefused);
    };
    document.addEventListener("securitypolicyviolation", onViolation);
    script.addEventListener("load", () => settle(false));
    script.addEventListener("error", () => setTimeout(() => settle(false), laterMs));
    document.head.append(script);
  });
}

const answerMs = 3000;

async function pageHeaders(): Promise<Headers | null> {
  try {
    const signal = AbortSignal.timeout(answerMs);
    return (await fetch(document.baseURI, { method: "HEAD", credentials: "omit", cache: "no-store", signal })).headers;
  } catch {
    return null;
  }
}

/** Exported for its tests. */
export function isStrictPolicy(headers: Headers): boolean {
  const directives = directivesOf(headers.get("Content-Security-Policy") ?? "");
  const isNone = (name: string) => directives.get(name)?.join(" ") === "'none'";
  return (
    ["default-src", "frame-ancestors", "base-uri", "form-action"].every(isNone) &&
    ["script-src", "worker-src"].every((name) => directives.get(name)?.every(isOwnScript) === true) &&
    directives.get("require-trusted-types-for")?.includes("'script'") === true &&
    headers.get("X-Content-Type-Options")?.toLowerCase() === "nosniff"
  );
}

/** Of a repeated directive the first one counts, as in browsers. */
function directivesOf(policy: string): Map<string, string[]> {
  const directives = new Map<string, string[]>();
  for (const directive of policy.split(";")) {
    const [name = "", ...values] = directive.trim().split(/\s+/);
    if (!directives.has(name.toLowerCase())) directives.set(name.toLowerCase(), values);
  }
  return directives;
}

function isOwnScript(source: string): boolean {
  if (source === "'wasm-unsafe-eval'") return true;
  return [assetFolder, "sw.js", offlineFolder].some((end) => URL.canParse(source) && source.endsWith(`/${end}`));
}
