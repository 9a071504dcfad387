import { mkdtemp, readFile, rm } from "node:fs/promises";
import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { extname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { build } from "vite";

/** A page with one script of this folder, built and served: parts of the app in a real browser, without the app. */
export class BuiltPage {
  private constructor(
    private readonly folder: string,
    private readonly server: Server,
  ) {}

  /** `script` is a file of this folder, without its ending. */
  static async start(script: string): Promise<BuiltPage> {
    const folder = await mkdtemp(join(tmpdir(), `holdall-${script}-`));
    await buildScript(script, folder);
    return new BuiltPage(folder, await serve(folder, script));
  }

  get url(): string {
    return `http://127.0.0.1:${(this.server.address() as AddressInfo).port}/`;
  }

  async close(): Promise<void> {
    this.server.close();
    await rm(this.folder, { recursive: true });
  }
}

async function buildScript(script: string, outDir: string): Promise<void> {
  await build({
    configFile: false,
    logLevel: "warn",
    root: fileURLToPath(new URL("../../", import.meta.url)),
    publicDir: false,
    build: {
      outDir,
      emptyOutDir: true,
      target: "es2022",
      modulePreload: false,
      rolldownOptions: {
        input: fileURLToPath(new URL(`./${script}.ts`, import.meta.url)),
        output: { entryFileNames: "[name].js" },
      },
    },
  });
}

async function serve(root: string, script: string): Promise<Server> {
  const started = createServer(async (request, response) => {
    const path = new URL(request.url ?? "/", "http://localhost").pathname;
    response.setHeader("Content-Type", extname(path) === ".js" ? "text/javascript" : "text/html");
    const html = `<!doctype html><title>${script}</title><script type="module" src="/${script}.js"></script>`;
    response.end(path === "/" ? html : await readFile(join(root, path)).catch(() => ""));
  });
  await new Promise<void>((resolve) => started.listen(0, "127.0.0.1", resolve));
  return started;
}
