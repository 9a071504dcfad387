import type { IncomingMessage, ServerResponse } from "node:http";
import { sendEmpty, sendMethodNotAllowed, sendStatus, sendText } from "./answer.ts";
import { errorCode } from "./durable-file.ts";
import { TooManyLogins } from "./login-brake.ts";
import type { LoginGate } from "./login-gate.ts";
import { QuotaExceeded } from "./quota.ts";
import type { RepositoryStore } from "./repository-store.ts";
import {
  type ObjectType,
  parseRepositoryTarget,
  type RepositoryName,
  type RepositoryTarget,
  type StoredName,
} from "./repository-target.ts";
import type { RequestTarget } from "./request-target.ts";
import { sendStoredFile } from "./stored-file.ts";

export interface RepositoryRules {
  /** Undefined: everybody who reaches the server may use it. */
  readonly gate: LoginGate | undefined;
  readonly appendOnly: boolean;
  /** The first name of a repository must be the user's. */
  readonly privateRepositories: boolean;
}

export const listingTypes = {
  v1: "application/vnd.x.restic.rest.v1",
  v2: "application/vnd.x.restic.rest.v2",
} as const;

/** restic's REST protocol over a store, with rest-server's answers. */
export class RepositoryRoutes {
  constructor(
    private readonly store: RepositoryStore,
    private readonly rules: RepositoryRules,
  ) {}

  /** Answers a request below the prefix of the hosted repositories. Rejects only if the connection is beyond saving. */
  async answer(request: IncomingMessage, response: ServerResponse, target: RequestTarget): Promise<void> {
    const user = await this.userOf(request);
    if (user instanceof TooManyLogins) {
      response.setHeader("Retry-After", user.retryAfterSeconds);
      return sendText(response, 429, user.message);
    }
    if (this.rules.gate !== undefined && user === undefined) return sendStatus(response, 401);
    if (this.rules.privateRepositories && target.segments[0] !== user) return sendStatus(response, 401);
    const path = parseRepositoryTarget(target.segments, { minimum: 1, maximum: 2 });
    if (path === undefined) return sendStatus(response, 404);
    await this.route(request, response, path, target.query);
  }

  private async userOf(request: IncomingMessage): Promise<string | TooManyLogins | undefined> {
    try {
      return await this.rules.gate?.userOf(request.headers.authorization, request.socket.remoteAddress ?? "");
    } catch (error) {
      if (error instanceof TooManyLogins) return error;
      throw error;
    }
  }

  private async route(request: IncomingMessage, response: ServerResponse, path: RepositoryTarget, query: string) {
    const method = request.method ?? "";
    if (path.kind === "repository") {
      return method === "POST"
        ? this.create(response, path.repository, query)
        : sendMethodNotAllowed(response, ["POST"]);
    }
    if (path.kind === "listing") {
      return method === "GET" ? this.list(request, response, path) : sendMethodNotAllowed(response, ["GET"]);
    }
    const { repository, file } = path;
    if (method === "GET") return this.load(request, response, repository, file);
    if (method === "HEAD") return this.size(response, repository, file);
    if (method === "POST") return this.save(request, response, repository, file);
    if (method === "DELETE") return this.remove(response, repository, file);
    return sendMethodNotAllowed(response, ["HEAD", "GET", "POST", "DELETE"]);
  }

  private async create(response: ServerResponse, repository: RepositoryName, query: string): Promise<void> {
    if (new URLSearchParams(query).get("create") !== "true") return sendStatus(response, 400);
    await this.store.create(repository);
    sendEmpty(response);
  }

  private async list(
    request: IncomingMessage,
    response: ServerResponse,
    { repository, type }: { repository: RepositoryName; type: ObjectType },
  ): Promise<void> {
    const files = await this.store.list(repository, type);
    if (files === undefined) return sendStatus(response, 404);
    const withSizes = request.headers.accept === listingTypes.v2;
    const body = Buffer.from(JSON.stringify(withSizes ? files : files.map((file) => file.name)));
    response.writeHead(200, {
      "Content-Type": withSizes ? listingTypes.v2 : listingTypes.v1,
      "Content-Length": body.length,
    });
    response.end(body);
  }

  private async load(
    request: IncomingMessage,
    response: ServerResponse,
    repository: RepositoryName,
    name: StoredName,
  ): Promise<void> {
    const file = await this.store.open(repository, name);
    if (file === undefined) return sendStatus(response, 404);
    // rest-server sends config whole whatever was asked for.
    const ranges = name.type === "config" ? "ignored" : request.headers.range;
    await sendStoredFile(response, file, ranges);
  }

  private async size(response: ServerResponse, repository: RepositoryName, file: StoredName): Promise<void> {
    const size = await this.store.sizeOf(repository, file);
    if (size === undefined) return sendStatus(response, 404);
    sendEmpty(response, { "Content-Type": "application/octet-stream", "Content-Length": size });
  }

  private async save(
    request: IncomingMessage,
    response: ServerResponse,
    repository: RepositoryName,
    file: StoredName,
  ): Promise<void> {
    try {
      // Whatever is left of a body when the store gives up is read and dropped, so that the client gets the answer.
      const body = request.iterator({ destroyOnReturn: false });
      const result = await this.store.save(repository, file, { body, length: announcedLength(request) });
      if (result === "stored") sendEmpty(response);
      else sendStatus(response, result === "exists" ? 403 : 400);
    } catch (error) {
      if (isCutShort(request)) return sendStatus(response, 400);
      if (!isStorageFull(error)) throw error;
      sendText(response, 507, error instanceof QuotaExceeded ? error.message : "Insufficient Storage");
    }
  }

  private async remove(response: ServerResponse, repository: RepositoryName, file: StoredName): Promise<void> {
    if (this.rules.appendOnly && file.type !== "locks") return sendStatus(response, 403);
    await this.store.remove(repository, file);
    sendEmpty(response);
  }
}

function announcedLength(request: IncomingMessage): number | undefined {
  const header = request.headers["content-length"];
  return header === undefined ? undefined : Number(header);
}

function isCutShort(request: IncomingMessage): boolean {
  return request.destroyed && !request.complete;
}

function isStorageFull(error: unknown): boolean {
  const code = errorCode(error);
  return error instanceof QuotaExceeded || code === "ENOSPC" || code === "EDQUOT" || code === "EFBIG";
}
