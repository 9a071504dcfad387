import { parse } from "svelte/compiler";
import ts from "typescript";

/** How a file can reach for another; "type" leaves nothing in the built code. */
export type ImportKind = "static" | "re-export" | "dynamic" | "url" | "type";

export interface Import {
  kind: ImportKind;
  /** As written; null if it is computed, so that nobody can tell where it goes. */
  specifier: string | null;
  line: number;
}

/** Everything that a TypeScript, JavaScript or Svelte file imports, in any way that the language has. */
export function importsOf(fileName: string, source: string): Import[] {
  return fileName.endsWith(".svelte") ? importsOfSvelte(fileName, source) : importsOfScript(fileName, source);
}

function importsOfScript(fileName: string, source: string): Import[] {
  const file = ts.createSourceFile(fileName, source, ts.ScriptTarget.Latest, true);
  const found: Import[] = [];
  const lineAt = (position: number) => file.getLineAndCharacterOfPosition(position).line + 1;
  const add = (kind: ImportKind, at: ts.Node, target: ts.Node | undefined) =>
    found.push({ kind, specifier: textOf(target), line: lineAt(at.getStart(file)) });

  for (const reference of [...file.referencedFiles, ...file.typeReferenceDirectives]) {
    found.push({ kind: "type", specifier: reference.fileName, line: lineAt(reference.pos) });
  }
  visit(file);
  return found;

  function visit(node: ts.Node): void {
    if (ts.isImportDeclaration(node)) {
      // `import { type A }` still loads the module under verbatimModuleSyntax; only `import type` does not.
      const isType = node.importClause?.phaseModifier === ts.SyntaxKind.TypeKeyword;
      add(isType ? "type" : "static", node, node.moduleSpecifier);
    } else if (ts.isExportDeclaration(node) && node.moduleSpecifier !== undefined) {
      add(node.isTypeOnly ? "type" : "re-export", node, node.moduleSpecifier);
    } else if (ts.isImportEqualsDeclaration(node) && ts.isExternalModuleReference(node.moduleReference)) {
      add(node.isTypeOnly ? "type" : "static", node, node.moduleReference.expression);
    } else if (ts.isImportTypeNode(node)) {
      add("type", node, ts.isLiteralTypeNode(node.argument) ? node.argument.literal : node.argument);
    } else if (ts.isCallExpression(node) && isLoader(node.expression)) {
      add("dynamic", node, node.arguments[0]);
    } else if (ts.isCallExpression(node) && isMetaMember(node.expression, "resolve")) {
      add("url", node, node.arguments[0]);
    } else if (ts.isNewExpression(node) && isModuleUrl(node)) {
      add("url", node, node.arguments?.[0]);
    }
    ts.forEachChild(node, visit);
  }
}

/** import(…), require(…), and import.meta.glob(…), whose pattern stands for files that nobody named. */
function isLoader(callee: ts.Expression): boolean {
  if (callee.kind === ts.SyntaxKind.ImportKeyword) return true;
  if (ts.isIdentifier(callee)) return callee.text === "require" || callee.text === "importScripts";
  return isMetaMember(callee, "glob");
}

/** new URL(…, import.meta.url): how workers, kernels and other files are addressed. */
function isModuleUrl(node: ts.NewExpression): boolean {
  if (!ts.isIdentifier(node.expression) || node.expression.text !== "URL") return false;
  const base = node.arguments?.[1];
  return base !== undefined && isMetaMember(base, "url");
}

function isMetaMember(node: ts.Expression, name: string): boolean {
  return ts.isPropertyAccessExpression(node) && ts.isMetaProperty(node.expression) && node.name.text === name;
}

function textOf(node: ts.Node | undefined): string | null {
  return node !== undefined && ts.isStringLiteralLike(node) ? node.text : null;
}

/**
 * The instance and the module script keep their place among blanks, so that lines stay true. Markup may hold
 * expressions too: they are compiled to nothing here, so an import in them counts as one that cannot be followed.
 */
function importsOfSvelte(fileName: string, source: string): Import[] {
  const { instance, module, fragment } = parse(source, { modern: true, filename: fileName });
  const scripts = [instance, module]
    // The parser leaves out what is not there, whatever its types say.
    .filter((script) => script != null)
    .map(({ content }) => positionsOf(content))
    .sort((a, b) => a.start - b.start);
  let text = "";
  for (const { start, end } of scripts) text += blank(source.slice(text.length, start)) + source.slice(start, end);
  return [...importsOfScript(`${fileName}.ts`, text), ...importsOfMarkup(fragment, source)];
}

function positionsOf(node: object): { start: number; end: number } {
  if (!("start" in node && "end" in node) || typeof node.start !== "number" || typeof node.end !== "number") {
    throw new Error("svelte's parser gave a script without a position");
  }
  return { start: node.start, end: node.end };
}

function blank(text: string): string {
  return text.replace(/[^\n]/g, " ");
}

function importsOfMarkup(node: unknown, source: string): Import[] {
  if (Array.isArray(node)) return node.flatMap((child) => importsOfMarkup(child, source));
  if (typeof node !== "object" || node === null) return [];
  const inside = Object.values(node).flatMap((child) => importsOfMarkup(child, source));
  if (!("type" in node) || (node.type !== "ImportExpression" && node.type !== "MetaProperty")) return inside;
  const { start } = positionsOf(node);
  return [{ kind: "dynamic", specifier: null, line: source.slice(0, start).split("\n").length }, ...inside];
}
