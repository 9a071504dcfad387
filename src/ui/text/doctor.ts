import type { Rung, RungName, RungState } from "../../platform/doctor.ts";

export const doctorText = {
  running: "Looking into it…",
  fine: "Nothing is wrong just now. Try again.",
  copy: "Copy",
  copied: "Copied",
  states: { good: "good", bad: "this is it", unknown: "cannot be known" },
} as const;

/** What each rung says: when it holds, when it does not, and when a page cannot tell. */
const rungTexts: Record<RungName, Record<RungState, string>> = {
  "secure-context": {
    good: "The page came over a safe way",
    bad: "The page was not loaded over https, so the browser gives it no cryptography",
    unknown: "Whether the page came over a safe way",
  },
  "service-worker": {
    good: "The page’s service worker runs",
    bad: "The page’s service worker does not run",
    unknown:
      "No service worker: downloads have a limit here. Private windows and certificates that were clicked through have none",
  },
  online: {
    good: "This device is online",
    bad: "This device is offline",
    unknown: "Whether this device is online",
  },
  "page-policy": {
    good: "The page’s policy allows the address",
    bad: "The page’s own policy does not allow this address",
    unknown: "Whether the page’s policy allows the address",
  },
  "mixed-content": {
    good: "Page and address are equally safe",
    bad: "The page came over https, the address is http: browsers block that",
    unknown: "Whether page and address are equally safe",
  },
  "local-network": {
    good: "The browser lets the page into this network",
    bad: "The browser was told to keep this page out of the local network",
    unknown: "Whether the browser lets the page into the local network",
  },
  reachable: {
    good: "Something answers at the address",
    bad: "Nothing answers: the server is off, its name is wrong, or this browser does not trust its certificate",
    unknown: "Whether anything answers",
  },
  cors: {
    good: "The server lets this page read its answers",
    bad: "The server answers, but does not let a page of another address read it (CORS)",
    unknown: "Whether the server lets this page read its answers",
  },
  login: {
    good: "The login is accepted",
    bad: "The login is not accepted",
    unknown: "Whether the login is accepted",
  },
  "rest-server": {
    good: "A REST server answers",
    bad: "What answers is no REST server",
    unknown: "Whether it is a REST server that answers",
  },
  repository: {
    good: "A repository is there",
    bad: "No repository is there, or not at this path",
    unknown: "Whether a repository is there",
  },
};

/** Where what was seen says more than the rung alone. */
const details: Partial<Record<RungName, Readonly<Record<string, string>>>> = {
  login: {
    "no-login": "The server asks for a login, and none was typed",
    "403": "The login is known, but may not read at this path",
  },
  "rest-server": {
    html: "A web page answers, and no REST server: another program listens there, or a login page stands before it",
    redirected: "The server sends on to another address, which Holdall does not follow",
  },
};

export function rungText({ name, state, detail }: Rung): string {
  const special = detail === null ? undefined : details[name]?.[detail];
  const text = special ?? rungTexts[name][state];
  return special === undefined && detail !== null ? `${text} (${detail})` : text;
}

/** What to do about a cross: words, and what can be copied. */
export interface Fix {
  body: string;
  snippets: readonly { title: string; text: string }[];
}

export interface FixSubject {
  /** The page's origin. */
  origin: string;
  /** The repository's address. */
  url: string;
}

export function fixOf({ name, detail }: Rung, subject: FixSubject): Fix {
  const fix = fixes[name];
  return fix(subject, detail);
}

const fixes: Record<RungName, (subject: FixSubject, detail: string | null) => Fix> = {
  "secure-context": ({ origin }) => ({
    body: "Open the page over https, or on the computer itself as localhost. Caddy gets a certificate by itself:",
    snippets: [{ title: "Caddyfile", text: `${hostOf(origin)} {\n  reverse_proxy 127.0.0.1:4653\n}` }],
  }),
  "service-worker": () => plain("Use a window that is not private, and a certificate that the browser trusts."),
  online: () => plain("Connect this device to the network, then try again."),
  "page-policy": ({ url }) => ({
    body: "This page may only speak to the server that it came from. Start Holdall’s server so that it passes the requests on, or so that it allows the address (the server there must then allow this page, too):",
    snippets: [proxyLine(url), { title: "Allow the address", text: `npm start -- --connect-src ${originOf(url)}` }],
  }),
  "mixed-content": ({ url }) => ({
    body: "Give the server a certificate, or let Holdall’s server pass the requests on:",
    snippets: [caddyBlock(secureHost(url), null), proxyLine(url, " --insecure-upstream")],
  }),
  "local-network": () =>
    plain("Click on the icon beside the address of this page, allow access to the local network, and try again."),
  reachable: ({ url }) => ({
    body: "See whether the server runs and the name is right. Opening its address in a new tab shows what the browser thinks of its certificate. A REST server for a folder is started so:",
    snippets: [
      { title: "Look at it", text: `curl -I ${url}config` },
      { title: "rest-server", text: `rest-server --path /srv/restic --listen :${portOf(url)}` },
      { title: "rclone", text: `rclone serve restic --addr :${portOf(url)} REMOTE:PATH` },
    ],
  }),
  cors: ({ origin, url }) => ({
    body: "rest-server and rclone let no page of another address in. Let Holdall’s server pass the requests on, or put one of these before the server:",
    snippets: [proxyLine(url), caddyBlock(hostOf(url), origin), nginxBlock(hostOf(url), origin)],
  }),
  login: (_subject, detail) =>
    detail === "403"
      ? plain("Check the path: some servers give each user a folder of their own, such as /user/name/.")
      : plain("Type the login of the server again. It is not the password of the repository."),
  "rest-server": (_subject, detail) =>
    detail === "redirected"
      ? plain("Type the address that the server sends on to. Opening it in a new tab shows it.")
      : plain("Check the port and the path of the address."),
  repository: ({ url }) => ({
    body: "Check the path. If there is none yet, create one here, or with restic:",
    snippets: [{ title: "restic", text: `restic -r rest:${url} init` }],
  }),
};

function plain(body: string): Fix {
  return { body, snippets: [] };
}

function proxyLine(url: string, option = ""): Fix["snippets"][number] {
  const insecure = option !== "" && url.startsWith("http:") ? option : "";
  return { title: "Holdall’s server", text: `npm start -- --proxy nas=${originOf(url)}${insecure}` };
}

function caddyBlock(host: string, origin: string | null): Fix["snippets"][number] {
  const cors =
    origin === null
      ? []
      : [
          `  header Access-Control-Allow-Origin "${origin}"`,
          `  header Access-Control-Allow-Methods "${allowedMethods}"`,
          `  header Access-Control-Allow-Headers "${allowedHeaders}"`,
          `  header Access-Control-Expose-Headers "${exposedHeaders}"`,
          "  @preflight method OPTIONS",
          "  respond @preflight 204",
        ];
  return { title: "Caddyfile", text: [`${host} {`, ...cors, "  reverse_proxy 127.0.0.1:8001", "}"].join("\n") };
}

function nginxBlock(host: string, origin: string): Fix["snippets"][number] {
  const [name, port = "443"] = host.split(/:(?=\d+$)/);
  return {
    title: "nginx",
    text: [
      "server {",
      `  listen ${port} ssl;`,
      `  server_name ${name};`,
      "  ssl_certificate /path/to/cert.pem;",
      "  ssl_certificate_key /path/to/key.pem;",
      "  client_max_body_size 0;",
      "  location / {",
      `    add_header Access-Control-Allow-Origin "${origin}" always;`,
      `    add_header Access-Control-Allow-Methods "${allowedMethods}" always;`,
      `    add_header Access-Control-Allow-Headers "${allowedHeaders}" always;`,
      `    add_header Access-Control-Expose-Headers "${exposedHeaders}" always;`,
      "    if ($request_method = OPTIONS) { return 204; }",
      "    proxy_request_buffering off;",
      "    proxy_pass http://127.0.0.1:8001;",
      "  }",
      "}",
    ].join("\n"),
  };
}

// What Holdall sends and reads, and nothing more.
const allowedMethods = "GET, HEAD, POST, DELETE";
const allowedHeaders = "Authorization, Accept, Content-Type, Range";
const exposedHeaders = "Content-Length, Content-Range, Server";

function originOf(url: string): string {
  return new URL(url).origin;
}

function hostOf(url: string): string {
  return new URL(url).host;
}

function secureHost(url: string): string {
  return new URL(url).hostname;
}

function portOf(url: string): string {
  const { port, protocol } = new URL(url);
  return port || (protocol === "https:" ? "443" : "80");
}
