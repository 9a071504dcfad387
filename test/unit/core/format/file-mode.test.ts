import { expect, test } from "vitest";
import { permissionsText, unixPermissions } from "../../../../src/core/format/file-mode.ts";

const folder = 2 ** 31;
const setuid = 2 ** 23;
const setgid = 2 ** 22;
const sticky = 2 ** 20;

test.each([
  [0o644, 0o644, "rw-r--r--"],
  [folder + 0o755, 0o755, "rwxr-xr-x"],
  [0o000, 0o000, "---------"],
  [setuid + 0o4755 - 0o4000, 0o4755, "rwsr-xr-x"],
  [setuid + 0o644, 0o4644, "rwSr--r--"],
  [setgid + 0o755, 0o2755, "rwxr-sr-x"],
  [setgid + 0o640, 0o2640, "rw-r-S---"],
  [folder + sticky + 0o777, 0o1777, "rwxrwxrwt"],
  [folder + sticky + 0o776, 0o1776, "rwxrwxrwT"],
  [folder + setuid + setgid + sticky + 0o777, 0o7777, "rwsrwsrwt"],
  [2 ** 27 + 0o777, 0o777, "rwxrwxrwx"],
])("Go's mode %d is %d and reads %s", (mode, permissions, text) => {
  expect(unixPermissions(mode)).toBe(permissions);
  expect(permissionsText(mode)).toBe(text);
});
