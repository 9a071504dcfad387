import { createReadStream } from "node:fs";
import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { extname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { securityHeaders } from "../../src/server/security-headers.ts";
import { connectText } from "../../src/ui/text/connect.ts";
import { unprotectedText } from "../../src/ui/text/unprotected.ts";
import { expect, test } from "./fixture.ts";

const built = fileURLToPath(new URL("../../dist/app/", import.meta.url));
const types: Record<string, string> = { ".js": "text/javascript", ".css": "text/css", ".html": "text/html" };

type Headers = Record<string, string>;

const cases: { name: string; headers: (origin: string) => Headers; isProtected: boolean }[] = [
  { name: "the headers of Holdall's server", headers: strict, isProtected: true },
  { name: "no headers, as on any static host", headers: () => ({}), isProtected: false },
  { name: "scripts from all of the origin", headers: changed(/(script-src )/, "$1'self' "), isProtected: false },
  { name: "no Trusted Types", headers: changed(/require-trusted-types-for 'script'; /, ""), isProtected: false },
  { name: "frames that nobody forbids", headers: changed(/frame-ancestors 'none'; /, ""), isProtected: false },
];

for (const { name, headers, isProtected } of cases) {
  test(`with ${name} the app ${isProtected ? "works" : "says what is wrong, and opens nothing"}`, async ({ page }) => {
    const server = await serveApp(headers);
    try {
      await page.goto(`http://127.0.0.1:${(server.address() as AddressInfo).port}/`);
      const [notice, heading] = [
        page.getByText(unprotectedText.title),
        page.getByRole("heading", { name: connectText.title }),
      ];
      await expect(isProtected ? heading : notice).toBeVisible();
      // Both halves of the judgement have been heard by then.
      await page.waitForLoadState("networkidle");
      await expect(isProtected ? heading : notice).toBeVisible();
      await expect(isProtected ? notice : heading).toBeHidden();
      expect((await page.locator("input[type=password]").count()) > 0).toBe(isProtected);
    } finally {
      server.close();
    }
  });
}

function strict(origin: string): Headers {
  return securityHeaders(origin, { connectSources: [] });
}

function changed(pattern: RegExp, replacement: string): (origin: string) => Headers {
  return (origin) => {
    const headers = strict(origin);
    const policy = headers["Content-Security-Policy"] ?? "";
    const loose = policy.replace(pattern, replacement);
    if (loose === policy) throw new Error(`the policy has no ${pattern}`);
    return { ...headers, "Content-Security-Policy": loose };
  };
}

/** The built app, from a server that knows nothing of it but its headers. */
async function serveApp(headers: (origin: string) => Headers): Promise<Server> {
  const server = createServer((request, response) => {
    const path = request.url === "/" ? "index.html" : (request.url ?? "").slice(1);
    const sent = headers(`http://${request.headers.host}`);
    const file = createReadStream(join(built, path));
    file.on("error", () => response.writeHead(404, sent).end());
    file.on("open", () => {
      response.writeHead(200, { ...sent, "Content-Type": types[extname(path)] ?? "image/svg+xml" });
      file.pipe(response);
    });
  });
  await new Promise<void>((listening) => server.listen(0, "127.0.0.1", listening));
  return server;
}
