import { expect, test } from "vitest";
import { defaultPort, OptionError, parseOptions, type ServerOptions } from "../../../src/server/options.ts";

function parsed(...argv: string[]): ServerOptions {
  const options = parseOptions(argv);
  if (options === "help") throw new Error("help");
  return options;
}

test("without options: this machine only, the fixed port, a login, a data folder outside the program", () => {
  const options = parsed();
  expect(options).toMatchObject({ host: "127.0.0.1", port: defaultPort, authentication: true, appendOnly: false });
  expect(options.dataDirectory).toMatch(/holdall$/i);
});

test("options mean what they say", () => {
  const options = parsed(
    ..."--data d --listen [::1]:80 --append-only --private-repos --max-size 3G --connect-src https://s3.example".split(
      " ",
    ),
    ..."--proxy rs=http://127.0.0.1:8000/x --proxy far=https://backup.example --public-url https://holdall.example/".split(
      " ",
    ),
  );
  expect(options).toMatchObject({
    dataDirectory: "d",
    host: "::1",
    port: 80,
    appendOnly: true,
    privateRepositories: true,
    maxBytes: 3 * 1024 ** 3,
    connectSources: ["https://s3.example"],
    publicUrl: "https://holdall.example",
    upstreams: [
      { name: "rs", url: "http://127.0.0.1:8000/x/" },
      { name: "far", url: "https://backup.example/" },
    ],
  });
});

test("plain http beyond this machine needs to be said", () => {
  expect(() => parsed("--proxy", "rs=http://192.0.2.1:8000/")).toThrow(/insecure-upstream/);
  expect(parsed("--proxy", "rs=http://192.0.2.1:8000/", "--insecure-upstream").upstreams).toHaveLength(1);
});

test.each([
  "--nonsense",
  "--listen 127.0.0.1",
  "--listen 127.0.0.1:70000",
  "--listen 0.0.0.0:80",
  "--listen [::]:80",
  "--max-size lots",
  "--public-url https://a.example/holdall",
  "--public-url ftp://a.example",
  "--proxy http://127.0.0.1/",
  "--proxy a=nowhere",
  "--proxy a=http://127.0.0.1/ --proxy a=http://127.0.0.1/",
  "--connect-src https://a.example;script-src",
  "--connect-src *",
  "--tls-cert a.pem",
  "--no-auth --private-repos",
  "--no-auth --htpasswd x",
  "stray",
])("%s is refused with words", (line) => {
  expect(() => parsed(...line.split(" "))).toThrow(OptionError);
});

test("a password in an upstream's URL is refused and not repeated", () => {
  for (const value of ["rs=https://user:geheim@backup.example/", "https://user:geheim@backup.example/"]) {
    expect(() => parsed("--proxy", value)).toThrow(/^(?!.*geheim)/s);
    expect(() => parsed("--proxy", value)).toThrow(OptionError);
  }
});
