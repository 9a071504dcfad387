export const objectTypes = ["data", "index", "keys", "locks", "snapshots"] as const;
export type ObjectType = (typeof objectTypes)[number];

/** A repository is named by one or two path segments; on disk these are its folders. */
export type RepositoryName = readonly string[];

/** A file of a repository as the REST protocol names it: packs lie flat in `data`. */
export type StoredName = { readonly type: "config" } | { readonly type: ObjectType; readonly id: string };

export type RepositoryTarget =
  | { readonly kind: "repository"; readonly repository: RepositoryName }
  | { readonly kind: "listing"; readonly repository: RepositoryName; readonly type: ObjectType }
  | { readonly kind: "file"; readonly repository: RepositoryName; readonly file: StoredName };

/**
 * Reads the path behind the prefix of a repository server: `<names>/`, `<names>/config`, `<names>/<type>/` or
 * `<names>/<type>/<id>`, with `minimum` to `maximum` names. Undefined for everything else, which does not exist.
 */
export function parseRepositoryTarget(
  segments: readonly string[],
  names: { readonly minimum: number; readonly maximum: number },
): RepositoryTarget | undefined {
  const typeAt = segments.findIndex(isReserved);
  const repository = segments.slice(0, typeAt < 0 ? segments.length - 1 : typeAt);
  const rest = segments.slice(repository.length);
  if (repository.length < names.minimum || repository.length > names.maximum) return undefined;
  if (!repository.every(isFolderName)) return undefined;
  return parseRest(repository, rest);
}

function parseRest(repository: RepositoryName, rest: readonly string[]): RepositoryTarget | undefined {
  const [head, tail] = rest;
  if (rest.length === 1 && head === "") return { kind: "repository", repository };
  if (rest.length === 1 && head === "config") return { kind: "file", repository, file: { type: "config" } };
  const type = objectTypes.find((known) => known === head);
  if (rest.length !== 2 || type === undefined || tail === undefined) return undefined;
  if (tail === "") return { kind: "listing", repository, type };
  return isId(tail) ? { kind: "file", repository, file: { type, id: tail } } : undefined;
}

export function isId(name: string): boolean {
  return /^[0-9a-f]{64}$/.test(name);
}

function isReserved(segment: string): boolean {
  return segment === "config" || objectTypes.some((type) => type === segment);
}

// A leading dot is for the server's own files. The rest is what some file system could take for another name.
function isFolderName(name: string): boolean {
  return (
    /^[^.\p{C}<>:"|?*/\\][^\p{C}<>:"|?*/\\]*$/u.test(name) && !/[. ]$/.test(name) && Buffer.byteLength(name) <= 255
  );
}
