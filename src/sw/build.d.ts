/** The files of the build, put in by it. */
declare const __SHELL__: { files: readonly import("./shell.ts").ShellFile[]; version: string };
