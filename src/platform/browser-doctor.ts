import { type DoctorTools, doctorWith, type Examine } from "./doctor.ts";

/** The doctor in a page, given the page's own word on its service worker. */
export function browserDoctor(hasServiceWorker: () => Promise<boolean>): Examine {
  return (patient, context) => doctorWith(browserTools(hasServiceWorker))(patient, context);
}

const policyToldMs = 300;

function browserTools(hasServiceWorker: () => Promise<boolean>): DoctorTools {
  return {
    isSecureContext,
    isOnline: navigator.onLine,
    pageOrigin: location.origin,
    fetch: (input, init) => fetch(input, init),
    hasServiceWorker,
    watchPolicy(onBlocked) {
      const tell = (event: SecurityPolicyViolationEvent) => {
        if (event.effectiveDirective === "connect-src" && event.disposition === "enforce") onBlocked(event.blockedURI);
      };
      document.addEventListener("securitypolicyviolation", tell);
      return () => document.removeEventListener("securitypolicyviolation", tell);
    },
    untilPolicyTold: () => new Promise((resolve) => setTimeout(resolve, policyToldMs)),
    async localNetworkPermission() {
      for (const name of ["local-network-access", "local-network"]) {
        const state = await permissionState(name);
        if (state !== null) return state;
      }
      return null;
    },
  };
}

/** Null for names that this browser does not know; newer names are in no list of TypeScript's. */
async function permissionState(name: string): Promise<PermissionState | null> {
  try {
    return (await navigator.permissions.query({ name: name as PermissionName })).state;
  } catch {
    return null;
  }
}
