import { basicAuthorization, isLoopback, isPrivate, type RestLogin } from "../core/backend/rest-location.ts";

/** What can hinder a page from reaching a repository, in the order in which it does. */
export type RungName =
  | "secure-context"
  | "service-worker"
  | "online"
  | "page-policy"
  | "mixed-content"
  | "local-network"
  | "reachable"
  | "cors"
  | "login"
  | "rest-server"
  | "repository";

/** "unknown": a page cannot tell, or what comes before it failed. */
export type RungState = "good" | "bad" | "unknown";

export interface Rung {
  name: RungName;
  state: RungState;
  /** What was seen, where it changes what to say: "no-login", "redirected", "html", or a status such as "502". */
  detail: string | null;
}

export interface Patient {
  /** Of the repository's folder, with a slash at its end. */
  url: string;
  login: RestLogin | null;
}

/** Climbs the ladder; tells the rungs known so far each time one is. Rejects only with the signal's reason. */
export type Examine = (
  patient: Patient,
  context: { signal: AbortSignal; onRungs: (rungs: readonly Rung[]) => void },
) => Promise<readonly Rung[]>;

/** What the doctor asks of the browser. */
export interface DoctorTools {
  isSecureContext: boolean;
  isOnline: boolean;
  pageOrigin: string;
  fetch: typeof fetch;
  /** True if a service worker runs, or could. */
  hasServiceWorker(): Promise<boolean>;
  /** Tells each URL that the page's policy blocks, until the returned function is called. */
  watchPolicy(onBlocked: (url: string) => void): () => void;
  /** Resolves when what was blocked has been told: browsers do so a moment after the request has failed. */
  untilPolicyTold(): Promise<void>;
  /** The state of the local-network permission; null where the browser knows no such thing. */
  localNetworkPermission(): Promise<PermissionState | null>;
}

export const rungNames: readonly RungName[] = [
  "secure-context",
  "service-worker",
  "online",
  "page-policy",
  "mixed-content",
  "local-network",
  "reachable",
  "cors",
  "login",
  "rest-server",
  "repository",
];

const patienceMs = 8000;

/** The doctor on the given tools. It sends a login only where nobody on the way can read it. */
export function doctorWith(tools: DoctorTools): Examine {
  return async (patient, { signal, onRungs }) => {
    const rungs = new Map<RungName, Rung>();
    const note = (name: RungName, state: RungState, detail: string | null = null) => {
      rungs.set(name, { name, state, detail });
      signal.throwIfAborted();
      onRungs(ladderOf(rungs));
      return state !== "bad";
    };
    if (await examineHere(tools, patient, note)) await examineThere(tools, patient, { note, signal });
    signal.throwIfAborted();
    return ladderOf(rungs);
  };
}

type Note = (name: RungName, state: RungState, detail?: string | null) => boolean;

/** Rungs that were not reached stand as unknown. */
function ladderOf(rungs: ReadonlyMap<RungName, Rung>): Rung[] {
  return rungNames.map((name) => rungs.get(name) ?? { name, state: "unknown", detail: null });
}

/** What can be known without a request; false if there is no use in going on. */
async function examineHere(tools: DoctorTools, { url }: Patient, note: Note): Promise<boolean> {
  const target = new URL(url);
  const here = isLoopback(target.hostname);
  const secure = note("secure-context", tools.isSecureContext ? "good" : "bad");
  // Without one, downloads have a limit, and nothing else suffers: so its lack is no cross.
  if (secure) note("service-worker", (await tools.hasServiceWorker()) ? "good" : "unknown");
  const online = note("online", tools.isOnline || here ? "good" : "bad");
  const mixed = tools.pageOrigin.startsWith("https:") && target.protocol === "http:" && !here;
  const sameScheme = note("mixed-content", mixed ? "bad" : "good");
  return secure && online && sameScheme;
}

interface Exam {
  note: Note;
  signal: AbortSignal;
}

async function examineThere(tools: DoctorTools, patient: Patient, { note, signal }: Exam): Promise<void> {
  const blocked: string[] = [];
  const stopWatching = tools.watchPolicy((url) => blocked.push(url));
  try {
    const answers = await isAnswered(tools, patient, signal);
    if (!answers) await tools.untilPolicyTold();
    const isBlocked = !answers && blocked.some((url) => originOf(url) === originOf(patient.url));
    if (!note("page-policy", isBlocked ? "bad" : "good")) return;
    const permission = await tools.localNetworkPermission();
    const refused = !answers && permission === "denied";
    if (!note("local-network", refused ? "bad" : answers ? "good" : "unknown")) return;
    if (!note("reachable", answers ? "good" : "bad")) return;
    await examineAnswer(tools, patient, { note, signal });
  } finally {
    stopWatching();
  }
}

/** A request that may not be read goes out wherever a server answers at all, whomever it lets in. */
async function isAnswered(tools: DoctorTools, { url }: Patient, signal: AbortSignal): Promise<boolean> {
  try {
    await tools.fetch(new URL("config", url), { ...bare(signal), method: "HEAD", mode: "no-cors", redirect: "follow" });
    return true;
  } catch {
    signal.throwIfAborted();
    return false;
  }
}

async function examineAnswer(tools: DoctorTools, { url, login }: Patient, { note, signal }: Exam): Promise<void> {
  const headers: HeadersInit = { Accept: "application/vnd.x.restic.rest.v2" };
  if (login !== null && isPrivate(url)) headers["Authorization"] = basicAuthorization(login);
  let answer: Response;
  try {
    const request = { ...bare(signal), method: "HEAD", headers, redirect: "manual" } as const;
    answer = await tools.fetch(new URL("config", url), request);
  } catch {
    signal.throwIfAborted();
    // It answered a moment ago, so on another origin what is missing is the leave to read.
    note("cors", originOf(url) === tools.pageOrigin ? "unknown" : "bad");
    return;
  }
  note("cors", "good");
  const { status } = answer;
  if (status === 401) note("login", "bad", login === null ? "no-login" : null);
  else if (status === 403) note("login", "bad", "403");
  else if (note("login", "good")) judgeServer(answer, note);
}

function judgeServer(answer: Response, note: Note): void {
  const { status, type, headers } = answer;
  const isHtml = (headers.get("content-type") ?? "").toLowerCase().startsWith("text/html");
  if (type === "opaqueredirect" || (status >= 300 && status < 400)) note("rest-server", "bad", "redirected");
  else if (isHtml) note("rest-server", "bad", "html");
  else if (status === 404) {
    // Any server says so to an address that it does not know.
    note("rest-server", "unknown");
    note("repository", "bad");
  } else if (status === 200) {
    note("rest-server", "good");
    note("repository", "good");
  } else note("rest-server", "bad", String(status));
}

function bare(signal: AbortSignal): RequestInit {
  return {
    signal: AbortSignal.any([signal, AbortSignal.timeout(patienceMs)]),
    cache: "no-store",
    credentials: "omit",
    referrerPolicy: "no-referrer",
  };
}

/** A policy's report may hold no more than the scheme ("blob", "inline"). */
function originOf(url: string): string {
  return URL.canParse(url) ? new URL(url).origin : url;
}
