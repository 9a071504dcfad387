import { fileURLToPath } from "node:url";
import { errorCode } from "./durable-file.ts";
import { type RunningServer, startServer } from "./embedded-server.ts";
import { OptionError, parseOptions, type ServerOptions, usage } from "./options.ts";

const exitCodeBadUsage = 2;

await main(process.argv.slice(2));

async function main(argv: readonly string[]): Promise<void> {
  try {
    const options = parseOptions(argv);
    if (options === "help") {
      process.stdout.write(usage);
      return;
    }
    const server = await startServer(options, {
      appDirectory: options.appDirectory ?? builtAppDirectory(),
      writeLine: (line) => process.stderr.write(`${line}\n`),
    });
    // Before the greeting: whoever has read it may end the server, and that must be a clean end.
    closeOnSignal(server);
    process.stdout.write(greeting(server, options));
  } catch (error) {
    process.stderr.write(`holdall: ${explain(error)}\n`);
    process.exitCode = error instanceof OptionError ? exitCodeBadUsage : 1;
  }
}

/** The app lies beside the bundle (dist/server, dist/app); run from its source, the server takes the last build. */
function builtAppDirectory(): string {
  const fromSource = import.meta.url.endsWith(".ts");
  return fileURLToPath(fromSource ? new URL("../../dist/app/", import.meta.url) : new URL("../app/", import.meta.url));
}

function greeting(server: RunningServer, options: ServerOptions): string {
  const lines = [`Holdall is at ${server.origin}/`, `Repositories are kept in ${server.dataDirectory}`];
  for (const upstream of options.upstreams) lines.push(`${server.origin}/up/${upstream.name}/ shows ${upstream.url}`);
  lines.push(...loginLines(server, options), ...server.warnings.map((warning) => `Warning: ${warning}`));
  return `${lines.join("\n")}\n`;
}

function loginLines(server: RunningServer, options: ServerOptions): string[] {
  if (!options.authentication) return ["No login is asked for: everybody who reaches this address may use it."];
  if (server.madeUpLogin === undefined) {
    const own = "in .htpasswd there; without that file, the next start makes up a new login";
    return [`Users are ${options.passwordFile === undefined ? own : `in ${options.passwordFile}`}.`];
  }
  const { user, password } = server.madeUpLogin;
  return [
    "",
    "  Login of this server, shown this once:",
    `    user      ${user}`,
    `    password  ${password}`,
    "",
    `  restic -r rest:${server.origin.replace("://", `://${user}:PASSWORD@`)}/repos/NAME/ init`,
    "",
  ];
}

function closeOnSignal(server: RunningServer): void {
  let closing = false;
  for (const signal of ["SIGINT", "SIGTERM"] as const) {
    process.on(signal, () => {
      if (closing) process.exit(1);
      closing = true;
      void server.close().then(() => process.exit(0));
    });
  }
}

function explain(error: unknown): string {
  if (errorCode(error) === "EADDRINUSE") {
    return "that address and port are taken, perhaps by a Holdall that runs already; --listen HOST:PORT chooses another";
  }
  if (errorCode(error) === "EACCES") return `${error instanceof Error ? error.message : ""} (no permission)`;
  if (error instanceof OptionError) return `${error.message}\nholdall: --help lists the options`;
  return error instanceof Error ? error.message : String(error);
}
