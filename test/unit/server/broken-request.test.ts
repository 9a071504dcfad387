import { PassThrough } from "node:stream";
import { text } from "node:stream/consumers";
import { expect, test } from "vitest";
import { authorityOf } from "../../../src/server/authority.ts";
import { parseOptions } from "../../../src/server/options.ts";
import { RepositoryRoutes } from "../../../src/server/repository-routes.ts";
import { RepositoryStore } from "../../../src/server/repository-store.ts";
import { Site } from "../../../src/server/site.ts";

function makeSite(): Site {
  const options = parseOptions(["--data", "/nonexistent", "--no-auth"]);
  if (options === "help") throw new Error("--help was not asked for");
  const store = new RepositoryStore("/nonexistent", undefined);
  const repositories = new RepositoryRoutes(store, { ...options, gate: undefined });
  const authority = authorityOf({ host: "127.0.0.1", port: 4653, secure: false });
  const around = { appDirectory: "/nonexistent", writeLine: () => undefined };
  return new Site(options, around, { authority, repositories, proxies: new Map() });
}

test.each([
  // Browsers open connections ahead and use them later: 408 lets them repeat the request on a fresh one.
  ["a connection on which no request came in time", "ERR_HTTP_REQUEST_TIMEOUT", "408 Request Timeout"],
  ["a header that is too long", "HPE_HEADER_OVERFLOW", "431 Request Header Fields Too Large"],
  ["what is no HTTP", "HPE_INVALID_METHOD", "400 Bad Request"],
])("%s is answered with its status, and closed", async (_, code, status) => {
  const socket = new PassThrough();
  makeSite().answerBroken(Object.assign(new Error(code), { code }), socket);
  const [head = "", body] = (await text(socket)).split("\r\n\r\n");
  const [statusLine, ...headers] = head.split("\r\n");
  expect(statusLine).toBe(`HTTP/1.1 ${status}`);
  expect(headers).toEqual(expect.arrayContaining(["Connection: close", `Content-Length: ${status.length - 3}`]));
  expect(body).toBe(`${status.slice(4)}\n`);
});
