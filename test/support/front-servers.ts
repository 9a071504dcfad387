import { createHash, X509Certificate } from "node:crypto";
import { readFileSync } from "node:fs";
import { mkdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { type ListeningProgram, startListeningProgram } from "./listening-program.ts";
import type { Peer } from "./peers.ts";
import { testCertificate, testCertificateKey } from "./tls-certificate.ts";

/** What stands in front of a REST server and serves the app, set up as the README says. */
export interface FrontServer extends ListeningProgram {
  /** Without a slash at its end. */
  readonly origin: string;
}

export interface FrontSettings {
  readonly appDirectory: string;
  /** Host and port of what is behind, which may have to know the origin in front. */
  readonly behind: string | ((origin: string) => Promise<string>);
}

export const builtApp = fileURLToPath(new URL("../../dist/app", import.meta.url));

/** Lets Chromium take the tests' certificate for a good one, so that the page is a secure context. */
export const trustTestCertificate = `--ignore-certificate-errors-spki-list=${keyHash(testCertificate)}`;

/** The block of configuration that follows `<!-- recipe: NAME -->` in the README. */
export function readRecipe(name: string): string {
  const readme = readFileSync(new URL("../../README.md", import.meta.url), "utf8");
  const [, after] = readme.split(`<!-- recipe: ${name} -->`);
  const block = /^\s*```\w*\n(.*?)^```$/ms.exec(after ?? "")?.[1];
  if (block === undefined) throw new Error(`README.md has no recipe ${name}`);
  return block;
}

/** What follows `npm start --` in a recipe, as a list. */
export function readOptions(name: string): string[] {
  const options = /^npm start -- (.*)$/m.exec(readRecipe(name))?.[1];
  if (options === undefined) throw new Error(`the recipe ${name} starts no Holdall`);
  return options.split(" ");
}

/** Caddy with a recipe of the README, in which only names, ports and paths are put in, and the tests' certificate. */
export function startCaddy(peer: Peer, recipe: string, settings: FrontSettings): Promise<FrontServer> {
  return startFront("caddy", peer, async (port, folder) => {
    const { certificate, key } = await writeCertificate(folder);
    const site = (await filledIn(readRecipe(recipe), port, settings)).replace(
      /^localhost \{$/m,
      `localhost:${port} {\n\ttls ${certificate} ${key}`,
    );
    const global = "admin off\n\tskip_install_trust\n\tdefault_bind 127.0.0.1\n\tauto_https disable_redirects";
    await writeFile(join(folder, "Caddyfile"), `{\n\t${global}\n}\n${site}`);
    return ["run", "--config", join(folder, "Caddyfile"), "--adapter", "caddyfile"];
  });
}

/** nginx with a recipe of the README inside the `http` of a configuration that changes nothing but its places. */
export function startNginx(peer: Peer, recipe: string, settings: FrontSettings): Promise<FrontServer> {
  return startFront("nginx", peer, async (port, folder) => {
    const { certificate, key } = await writeCertificate(folder);
    const site = (await filledIn(readRecipe(recipe), port, settings))
      .replace("listen 443 ", `listen 127.0.0.1:${port} `)
      .replace("/etc/ssl/localhost.pem", certificate)
      .replace("/etc/ssl/localhost.key", key);
    return writeNginxSite(folder, `access_log off;\n${site}`);
  });
}

/** The same without TLS, which a page on the machine itself can do without. `log` is what to put into the `http`. */
export async function startPlainNginx(
  peer: Peer,
  recipe: string,
  settings: FrontSettings & { log: string },
): Promise<FrontServer> {
  const program = await startListeningProgram("nginx", peer.path, async (port, folder) => {
    const site = (await filledIn(readRecipe(recipe), port, settings))
      .replace("listen 443 ssl;", `listen 127.0.0.1:${port};`)
      .replaceAll(/^ *ssl_certificate.*$/gm, "")
      .replaceAll("https://", "http://");
    return writeNginxSite(folder, `${settings.log}\n${site}`);
  });
  return { ...program, origin: `http://localhost:${program.port}` };
}

async function writeNginxSite(folder: string, site: string): Promise<string[]> {
  const places = ["client_body", "proxy", "fastcgi", "uwsgi", "scgi"].map((name) => `${name}_temp_path ${name};`);
  // Workers of root's nginx would else be somebody who cannot read the app.
  const user = process.getuid?.() === 0 ? "user root;" : "";
  const main = `${user} daemon off; pid nginx.pid; error_log stderr; events {}`;
  await mkdir(join(folder, "logs"), { recursive: true });
  await writeFile(join(folder, "nginx.conf"), `${main}\nhttp {\n${places.join("\n")}\n${site}}\n`);
  return ["-p", `${folder}/`, "-c", join(folder, "nginx.conf"), "-e", "stderr"];
}

async function startFront(
  name: string,
  peer: Peer,
  prepare: (port: number, folder: string) => Promise<readonly string[]>,
): Promise<FrontServer> {
  const program = await startListeningProgram(name, peer.path, prepare);
  return { ...program, origin: `https://localhost:${program.port}` };
}

async function filledIn(recipe: string, port: number, { appDirectory, behind }: FrontSettings): Promise<string> {
  const origin = `https://localhost:${port}`;
  const address = typeof behind === "string" ? behind : await behind(origin);
  return recipe
    .replaceAll("https://holdall.example.org", origin)
    .replaceAll("holdall.example.org", "localhost")
    .replaceAll("/srv/holdall/dist/app", appDirectory)
    .replaceAll(/127\.0\.0\.1:(?:8000|4653)/g, address);
}

async function writeCertificate(folder: string): Promise<{ certificate: string; key: string }> {
  const [certificate, key] = [join(folder, "certificate.pem"), join(folder, "key.pem")];
  await writeFile(certificate, testCertificate);
  await writeFile(key, testCertificateKey);
  return { certificate, key };
}

function keyHash(certificate: string): string {
  const key = new X509Certificate(certificate).publicKey.export({ type: "spki", format: "der" });
  return createHash("sha256").update(key).digest("base64");
}
