import { mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { runText } from "../../src/ui/text/run.ts";
import { snapshotsText } from "../../src/ui/text/snapshots.ts";
import { builtApp, startCaddy, startNginx } from "../support/front-servers.ts";
import { requirePeer } from "../support/peers.ts";
import { type RestServer, startRestServer } from "../support/rest-servers.ts";
import { Restic } from "../support/restic.ts";
import { describeTree, differences, seededBytes, TreeWriter } from "../support/source-tree.ts";
import { test as base, expect, type StartedServer } from "./fixture.ts";
import { createRepository, restoreAllInto, saveFile, slow, startBackup, typeLocation, unlock } from "./steps.ts";
import { attemptAll, Detector, expectReadable, storeContents } from "./stored-content.ts";

type FrontName = "caddy" | "nginx";

const password = "the password of the repository";
const login = { user: "anna", password: "secret" };
const loginLine = "anna:{SHA}5en6G6MezRroT3XKqkdPOmY/BfQ=\n";

interface Deployed {
  server: StartedServer;
  behind: RestServer;
  front: FrontName;
  asksForLogin: boolean;
}

/** The real rest-server behind a front server that is set up as the README says, over https. */
const test = base.extend<Deployed>({
  front: ["caddy", { option: true }],
  asksForLogin: [true, { option: true }],

  behind: async ({ asksForLogin }, use) => {
    const peer = requirePeer("rest-server");
    test.skip(peer === null, "no rest-server on this machine");
    if (peer === null) return;
    const folder = await mkdtemp(join(tmpdir(), "holdall-users-"));
    await writeFile(join(folder, "users"), loginLine);
    const behind = await startRestServer(peer, asksForLogin ? ["--htpasswd-file", join(folder, "users")] : []);
    await use(behind);
    await behind.close();
    await rm(folder, { recursive: true });
  },

  server: async ({ behind, front }, use) => {
    const peer = requirePeer(front);
    test.skip(peer === null, `no ${front} on this machine`);
    if (peer === null) return;
    const settings = { appDirectory: builtApp, behind: new URL(behind.repositoryUrl("x")).host };
    const started =
      front === "caddy"
        ? await startCaddy(peer, "caddy-rest-server", settings)
        : await startNginx(peer, "nginx-rest-server", settings);
    const user = `${login.user}:${login.password}@`;
    await use({
      address: `${started.origin}/`,
      login,
      // restic goes to rest-server itself, past the front.
      resticLocation: (repository) => behind.resticRepository(repository).replace("://", `://${user}`),
    });
    await started.close();
  },
});

for (const front of ["caddy", "nginx"] as const) {
  const tag = front === "nginx" ? "@long" : [];
  test.describe(`rest-server behind ${front}`, { tag }, () => {
    test.use({ front });

    test("from the first visit to a restored file", async ({ page, server, workFolder }) => {
      const source = join(workFolder, "Documents");
      const target = join(workFolder, "target");
      await mkdir(target);
      const tree = new TreeWriter(source);
      tree.file("letter.txt", "Dear reader,\n");
      tree.file("photos/größe ☃.jpg", seededBytes(7, 3_000_000));
      const pageErrors: string[] = [];
      page.on("pageerror", (error) => pageErrors.push(error.message));

      await page.goto("/");
      await createRepository(page, server, "family", password);
      await page.getByRole("link", { name: snapshotsText.emptyAction }).click();
      await startBackup(page, source, "kitchen-browser");
      await expect(page.getByRole("heading", { name: runText.done("Documents") })).toBeVisible(slow);

      await page.reload();
      await typeLocation(page, server, "family");
      await unlock(page, password);
      await page
        .getByRole("main")
        .getByRole("link", { name: snapshotsText.files(2) })
        .first()
        .click(slow);
      await page.getByRole("link", { name: "Documents", exact: true }).click();
      const saved = await saveFile(page, "letter.txt", join(workFolder, "saved"));
      expect(saved.toString()).toBe("Dear reader,\n");
      await restoreAllInto(page, target, "Documents");
      expect(differences(await describeTree(source), await describeTree(join(target, "Documents")))).toEqual([]);

      // Chromium takes the certificate for a good one, so this is what a visitor's browser does.
      const workers = () => page.evaluate(async () => (await navigator.serviceWorker.getRegistrations()).length);
      expect([await page.evaluate(() => isSecureContext), (await workers()) > 0]).toEqual([true, true]);
      expect(pageErrors).toEqual([]);
      await confirm(server);
    });

    test.describe("what is stored in its repositories", () => {
      test.use({ asksForLogin: false });

      // In the page its own policy helps as well, which page-policy.spec.ts and stored-content.spec.ts look at.
      test("never runs in a page without a policy", async ({ context, page, server, behind }) => {
        const from = `${server.address}bare`;
        await context.route(from, (route) =>
          route.fulfill({ contentType: "text/html", body: "<!doctype html><body></body>" }),
        );
        const atServer = behind.repositoryUrl("stored");
        const files = (await storeContents(atServer, {})).map(({ kind, url }) => ({
          kind,
          url: url.replace(atServer, `${server.address}repos/stored/`),
        }));
        const detector = await Detector.install(context, server.address);
        await expectReadable(page, from, files);
        await attemptAll(page, from, files, detector, { byAddressOnly: true });
      });
    });
  });
}

async function confirm(server: StartedServer): Promise<void> {
  const program = requirePeer("restic-0.18");
  if (program === null) return;
  const restic = await Restic.open({ program, repository: server.resticLocation("family"), password });
  try {
    await restic.succeed(["check", "--read-data"]);
    expect((await restic.succeed(["list", "locks", "--no-lock"])).stdout.toString()).toBe("");
  } finally {
    await restic.close();
  }
}
