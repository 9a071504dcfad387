import type { NodePath } from "../workers/repository-api.ts";

export function samePath(a: NodePath, b: NodePath): boolean {
  return a.length === b.length && isInside(a, b);
}

/** True if `path` is `folder` or below it. */
export function isInside(path: NodePath, folder: NodePath): boolean {
  return path.length >= folder.length && folder.every((position, at) => position === path[at]);
}
