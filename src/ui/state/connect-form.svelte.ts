import type { OpenProgress, RepositoryLocation } from "../../workers/repository-api.ts";
import { parseAddress } from "../address.ts";
import { type Failure, failureOf, isAborted } from "../failure.ts";
import { connectText } from "../text/connect.ts";
import { errorText } from "../text/errors.ts";
import type { Session } from "./session.svelte.ts";

export type ConnectField = "address" | "username" | "serverPassword" | "password" | "repeated";

/** What the Connect screen asks for, and what became of it. Passwords are dropped as soon as they have been used. */
export class ConnectForm {
  mode = $state<"open" | "create">("open");
  address = $state("");
  username = $state("");
  serverPassword = $state("");
  password = $state("");
  repeated = $state("");
  formatVersion = $state<1 | 2>(2);
  busy = $state(false);
  progress = $state.raw<OpenProgress | null>(null);
  /** A sentence under one of the fields. */
  problem = $state.raw<{ field: ConnectField; sentence: string } | null>(null);
  /** What belongs to no field. */
  failure = $state.raw<Failure | null>(null);
  /** True after a login was taken out of the address. */
  tookLogin = $state(false);
  #abort: AbortController | null = null;

  constructor(private readonly session: Session) {}

  /** Starts the address field, unless something was typed meanwhile. */
  propose(address: string): void {
    if (this.address === "") this.address = address;
  }

  /** Moves credentials from the address to their own fields; done on paste and on leaving the field. */
  takeLoginOut(): void {
    const parsed = parseAddress(this.address);
    if (parsed === null || parsed.login === null) return;
    this.address = parsed.url;
    this.username = parsed.login.username;
    this.serverPassword = parsed.login.password;
    this.tookLogin = true;
  }

  setMode(mode: "open" | "create"): void {
    this.mode = mode;
    this.problem = null;
    this.failure = null;
    this.repeated = "";
  }

  /** Opens or creates. Resolves when the session is open, or when `problem` or `failure` says why not. */
  async submit(): Promise<void> {
    this.takeLoginOut();
    this.failure = null;
    this.problem = this.#missing();
    const location = this.#location();
    if (this.problem !== null || location === null) return;
    this.busy = true;
    this.#abort = new AbortController();
    const onProgress = (progress: OpenProgress) => {
      this.progress = progress;
    };
    try {
      const context = { signal: this.#abort.signal, onProgress };
      if (this.mode === "open") await this.session.open(location, this.password, context);
      else await this.session.create(location, this.password, this.formatVersion, context);
      this.#forget();
    } catch (error) {
      if (!isAborted(error)) this.#explain(failureOf(error));
    } finally {
      this.busy = false;
      this.progress = null;
    }
  }

  cancel(): void {
    this.#abort?.abort();
  }

  #missing(): { field: ConnectField; sentence: string } | null {
    if (this.address.trim() === "") return { field: "address", sentence: connectText.addressMissing };
    if (parseAddress(this.address) === null) return { field: "address", sentence: sentenceOf("bad-address") };
    if (this.mode === "open")
      return this.password === "" ? { field: "password", sentence: connectText.passwordMissing } : null;
    if (this.password === "") return { field: "password", sentence: connectText.newPasswordMissing };
    return this.password === this.repeated ? null : { field: "repeated", sentence: connectText.passwordsDiffer };
  }

  #location(): RepositoryLocation | null {
    const parsed = parseAddress(this.address);
    if (parsed === null) return null;
    const hasLogin = this.username !== "" || this.serverPassword !== "";
    const login = hasLogin ? { username: this.username, password: this.serverPassword } : null;
    return { kind: "rest", url: parsed.url, login, connections: null };
  }

  #explain(failure: Failure): void {
    if (failure.code === "login-rejected" && this.username === "" && this.serverPassword === "") {
      this.problem = { field: "username", sentence: connectText.loginNeeded };
      return;
    }
    const field = fieldOf(failure.code);
    if (field === null) this.failure = failure;
    else this.problem = { field, sentence: sentenceOf(failure.code) };
  }

  /** What comes next, after a lock, is opening. */
  #forget(): void {
    this.mode = "open";
    this.serverPassword = "";
    this.password = "";
    this.repeated = "";
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
