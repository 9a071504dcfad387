import type { Recent } from "../../platform/device-memory.ts";
import type { CallContext, OpenProgress, RepositoryLocation } from "../../workers/repository-api.ts";
import { type Failure, failureOf, isAborted } from "../failure.ts";
import type { Ports } from "../ports.ts";
import { addressRefusal, connectText } from "../text/connect.ts";
import { errorText } from "../text/errors.ts";
import type { Device } from "./device.svelte.ts";
import { Doctor } from "./doctor.svelte.ts";
import type { Session } from "./session.svelte.ts";

export type ConnectField = "address" | "folder" | "username" | "serverPassword" | "password" | "repeated";
export type ConnectMode = "recents" | "open" | "create";
export type ConnectPlace = "server" | "folder";

interface Problem {
  field: ConnectField;
  sentence: string;
}

type ConnectPorts = Pick<Ports, "readAddress" | "folders" | "examine">;

/** A password that is shorter is no secret from a program that guesses. */
const shortPasswordLength = 12;

/** What the Connect screen asks for, and what became of it. Secrets are dropped as soon as they have been used. */
export class ConnectForm {
  mode = $state<ConnectMode>("open");
  place = $state<ConnectPlace>("server");
  /** The one of the recent repositories that is to be opened. */
  recent = $state.raw<Recent | null>(null);
  folder = $state.raw<FileSystemDirectoryHandle | null>(null);
  address = $state("");
  /** The address that the field was started with, if it was. */
  proposed = $state.raw<string | null>(null);
  username = $state("");
  serverPassword = $state("");
  password = $state("");
  repeated = $state("");
  formatVersion = $state<1 | 2>(2);
  busy = $state(false);
  progress = $state.raw<OpenProgress | null>(null);
  /** A sentence under one of the fields. */
  problem = $state.raw<Problem | null>(null);
  /** What belongs to no field. */
  failure = $state.raw<Failure | null>(null);
  /** True after a login was taken out of the address. */
  tookLogin = $state(false);
  /** True when a recent repository's kept login does not serve any more. */
  asksLogin = $state(false);
  doctor = $state.raw<Doctor | null>(null);
  readonly isShort = $derived(this.password !== "" && this.password.length < shortPasswordLength);
  #abort: AbortController | null = null;

  constructor(
    private readonly session: Session,
    private readonly device: Device,
    private readonly ports: ConnectPorts,
  ) {
    this.begin();
    void device.recalled.then(() => this.#beginAgain());
  }

  /** Back to the first thing to decide. */
  begin(): void {
    if (this.device.recents.length > 0) this.show("recents");
    else this.show("open");
  }

  /** Starts the address field, unless something was typed meanwhile. */
  propose(address: string): void {
    if (this.address !== "" || address === "") return;
    this.address = address;
    this.proposed = address;
  }

  /** Moves credentials from the address to their own fields; done on paste and on leaving the field. */
  takeLoginOut(): void {
    const read = this.ports.readAddress(this.address);
    if ("refused" in read || read.login === null) return;
    this.address = read.url;
    this.username = read.login.username;
    this.serverPassword = read.login.password;
    this.tookLogin = true;
  }

  show(mode: ConnectMode, place: ConnectPlace = "server"): void {
    this.mode = mode;
    this.place = place;
    this.recent = null;
    this.#clearOutcome();
    this.asksLogin = false;
    this.repeated = "";
  }

  choose(recent: Recent): void {
    this.show("recents");
    this.recent = recent;
    this.password = "";
    this.username = "";
    this.serverPassword = "";
  }

  async pickFolder(): Promise<void> {
    this.#clearOutcome();
    try {
      this.folder = (await this.ports.folders.pick("readwrite")) ?? this.folder;
    } catch (error) {
      this.failure = failureOf(error);
    }
  }

  /** Opens or creates. Resolves when the session is open, or when `problem` or `failure` says why not. */
  async submit(): Promise<void> {
    if (this.busy) return;
    if (this.mode !== "recents" && this.place === "server") this.takeLoginOut();
    this.#clearOutcome();
    this.problem = this.#missing();
    const location = this.#location();
    if (this.problem !== null || location === null) return;
    this.busy = true;
    this.#abort = new AbortController();
    const onProgress = (progress: OpenProgress) => {
      this.progress = progress;
    };
    try {
      await this.#enter(location, { signal: this.#abort.signal, onProgress });
      this.forget();
    } catch (error) {
      if (!isAborted(error)) this.#explain(failureOf(error));
    } finally {
      this.busy = false;
      this.progress = null;
      this.#abort = null;
    }
  }

  cancel(): void {
    this.#abort?.abort();
  }

  /** Finds out why the address cannot be used. */
  examine(): void {
    const location = this.#location();
    if (location?.kind !== "rest") return;
    this.doctor?.stop();
    this.doctor = new Doctor(this.ports.examine, { url: location.url, login: location.login });
    void this.doctor.run();
  }

  /** Drops every secret that was typed; what comes next, after a lock, is opening. */
  forget(): void {
    this.begin();
    this.folder = null;
    this.tookLogin = false;
    this.username = "";
    this.serverPassword = "";
    this.password = "";
  }

  async #enter(location: RepositoryLocation, context: CallContext<OpenProgress>): Promise<void> {
    // Asked while the click still counts.
    if (location.kind === "folder" && !(await this.ports.folders.permit(location.handle, "readwrite"))) {
      this.problem = { field: "folder", sentence: connectText.folderRefused };
      throw new DOMException("not permitted", "AbortError");
    }
    if (this.mode === "create") await this.session.create(location, this.password, this.formatVersion, context);
    else await this.session.open(location, this.password, context);
  }

  #missing(): Problem | null {
    return this.#missingPlace() ?? this.#missingPassword();
  }

  #missingPlace(): Problem | null {
    if (this.mode === "recents") return null;
    if (this.place === "folder") {
      return this.folder === null ? { field: "folder", sentence: connectText.folderMissing } : null;
    }
    if (this.address.trim() === "") return { field: "address", sentence: connectText.addressMissing };
    const read = this.ports.readAddress(this.address);
    return "refused" in read ? { field: "address", sentence: addressRefusal(read.refused) } : null;
  }

  #missingPassword(): Problem | null {
    const creating = this.mode === "create";
    if (this.password === "") {
      const sentence = creating ? connectText.newPasswordMissing : connectText.passwordMissing;
      return { field: "password", sentence };
    }
    if (!creating) return null;
    // restic would take them; but nobody sees them on paper, or types them again.
    if (this.password.trim() !== this.password) return { field: "password", sentence: connectText.passwordBlanks };
    return this.password === this.repeated ? null : { field: "repeated", sentence: connectText.passwordsDiffer };
  }

  #location(): RepositoryLocation | null {
    const place = this.mode === "recents" ? (this.recent?.place ?? null) : this.#typedPlace();
    if (place === null || place.kind === "folder") return place;
    const hasLogin = this.username !== "" || this.serverPassword !== "";
    const login = hasLogin ? { username: this.username, password: this.serverPassword } : null;
    return { kind: "rest", url: place.url, login, connections: null };
  }

  #typedPlace(): Recent["place"] | null {
    if (this.place === "folder") return this.folder === null ? null : { kind: "folder", handle: this.folder };
    const read = this.ports.readAddress(this.address);
    return "refused" in read ? null : { kind: "rest", url: read.url };
  }

  #explain(failure: Failure): void {
    if (failure.code === "login-rejected" && this.username === "" && this.serverPassword === "") {
      this.asksLogin = true;
      const sentence = this.mode === "recents" ? connectText.loginLapsed : connectText.loginNeeded;
      this.problem = { field: "username", sentence };
      return;
    }
    // Decided on this device; with a login that is typed anew, the server decides.
    const wantsLogin = failure.code === "wrong-password" && failure.context["wantsLogin"] === true;
    if (wantsLogin) this.asksLogin = true;
    const field = fieldOf(failure.code);
    // A recent repository has no address field to say it under.
    if (field === null || (field === "address" && this.mode === "recents")) this.failure = failure;
    else this.problem = { field, sentence: wantsLogin ? connectText.wrongOrLapsed : sentenceOf(failure.code) };
    if (failure.code === "network") this.examine();
  }

  /** Recent repositories that became known late come to the front, unless something else was begun meanwhile. */
  #beginAgain(): void {
    const isUntouched = this.mode === "open" && this.place === "server" && this.username === "" && this.password === "";
    if (isUntouched && !this.busy) this.begin();
  }

  #clearOutcome(): void {
    this.problem = null;
    this.failure = null;
    this.doctor?.stop();
    this.doctor = null;
  }
}

function fieldOf(code: Failure["code"]): ConnectField | null {
  if (code === "wrong-password") return "password";
  if (code === "login-rejected") return "serverPassword";
  if (code === "bad-address" || code === "insecure-login") return "address";
  return null;
}

function sentenceOf(code: Failure["code"]): string {
  const { title, happened } = errorText(code);
  return `${title}. ${happened}`;
}

/** What the doctor can look into: the address, and whatever answers there. */
export function isForDoctor(code: Failure["code"]): boolean {
  return doctorCodes.has(code);
}

const doctorCodes: ReadonlySet<Failure["code"]> = new Set([
  "network",
  "timeout",
  "server-busy",
  "access-denied",
  "method-refused",
  "redirected",
  "not-a-rest-server",
  "unexpected-status",
  "insecure-login",
]);
