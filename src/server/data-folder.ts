import { randomBytes } from "node:crypto";
import { readFile, stat } from "node:fs/promises";
import { homedir } from "node:os";
import { join } from "node:path";
import { hash } from "bcryptjs";
import { errorCode, makeDurableFolder, writeDurableFile } from "./durable-file.ts";

export interface MadeUpLogin {
  readonly user: string;
  readonly password: string;
}

const bcryptRounds = 10;

/** Where repositories are kept unless told otherwise: the user's own data folder, so that cleaning a clone deletes no backup. */
export function defaultDataFolder(environment: NodeJS.ProcessEnv = process.env, platform = process.platform): string {
  if (platform === "win32") return join(environment["LOCALAPPDATA"] ?? join(homedir(), "AppData", "Local"), "Holdall");
  if (platform === "darwin") return join(homedir(), "Library", "Application Support", "Holdall");
  const base = environment["XDG_DATA_HOME"];
  return join(base?.startsWith("/") ? base : join(homedir(), ".local", "share"), "holdall");
}

/** Makes the folder, for its owner only. One that exists keeps its mode; true if others may read it. */
export async function prepareDataFolder(path: string): Promise<{ othersMayRead: boolean }> {
  await makeDurableFolder(path);
  const stats = await stat(path);
  if (!stats.isDirectory()) throw new Error(`${path} is not a folder`);
  return { othersMayRead: process.platform !== "win32" && (stats.mode & 0o077) !== 0 };
}

/** The password file that belongs to a data folder; its name cannot be the name of a repository. */
export function ownPasswordFile(dataFolder: string): string {
  return join(dataFolder, ".htpasswd");
}

/**
 * Makes up a login for a data folder that has no password file. It is stored hashed, so this answer is the only place
 * where the password ever stands. Undefined if there is a password file already.
 */
export async function makeUpLogin(dataFolder: string): Promise<MadeUpLogin | undefined> {
  const path = ownPasswordFile(dataFolder);
  if (await isThere(path)) return undefined;
  const login = { user: "holdall", password: makeUpPassword() };
  const line = `${login.user}:${await hash(login.password, bcryptRounds)}\n`;
  await writeDurableFile(path, (file) => file.writeFile(line));
  return login;
}

/** 25 of 32 characters, none of which looks like another: 125 random bits. */
function makeUpPassword(): string {
  const alphabet = "abcdefghijkmnpqrstuvwxyz23456789";
  const letters = Array.from(randomBytes(25), (byte) => alphabet.charAt(byte % alphabet.length));
  return (letters.join("").match(/.{5}/g) ?? []).join("-");
}

async function isThere(path: string): Promise<boolean> {
  try {
    await readFile(path);
    return true;
  } catch (error) {
    if (errorCode(error) === "ENOENT") return false;
    throw error;
  }
}
