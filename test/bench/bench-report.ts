import { cpus, release, totalmem } from "node:os";
import type { Figure, SideFigures } from "./figures.ts";

/** What was measured with, and on. */
export interface Setting {
  versions: Readonly<Record<string, string>>;
  machine: string;
}

export function machineName(): string {
  const processors = cpus();
  const gibibytes = Math.round(totalmem() / 2 ** 30);
  return `${processors.length} x ${processors[0]?.model ?? "unknown"}, ${gibibytes} GiB, Linux ${release()}`;
}

/** What a benchmark has found: for people, and for programs. */
export interface BenchResult {
  text: string;
  line: Readonly<Record<string, unknown>>;
}

/** With several figures, they are by name in `figures`, and the lowest ratio counts. */
export function resultOf(figures: readonly Figure[]): BenchResult {
  const text = figures.map(figureText).join("\n");
  const [only, ...more] = figures;
  if (only !== undefined && more.length === 0) return { text, line: { ...only } };
  const ratios = figures.map(({ ratio }) => ratio).filter((ratio) => ratio !== null);
  const ratio = ratios.length === 0 ? null : Math.min(...ratios);
  return { text, line: { ratio, figures: Object.fromEntries(figures.map((figure) => [figure.name, figure])) } };
}

/** A line of JSON for one benchmark. */
export function jsonLine(name: string, { line }: BenchResult, { versions, machine }: Setting): string {
  return JSON.stringify({ ...line, name, versions, machine });
}

/** A few lines for people. */
function figureText(figure: Figure): string {
  const { name, ratio, holdall, restic, ceiling, ofCeiling, notes = {} } = figure;
  const result = [
    ratio === null ? null : `ratio ${ratio.toFixed(2)}`,
    ofCeiling === undefined ? null : `${ofCeiling.toFixed(2)} of the browser's own speed`,
  ].filter((text) => text !== null);
  return [
    `${name}: ${result.join(", ") || "no peer"}`,
    `  Holdall  ${sideText(holdall)}`,
    ...(restic === null ? [] : [`  restic   ${sideText(restic)}`]),
    ...(ceiling === undefined ? [] : [`  browser  ${sideText(ceiling)}`]),
    ...Object.entries(notes).map(([what, value]) => `  ${what}: ${value}`),
  ].join("\n");
}

function sideText({ seconds, cpuSeconds, peakBytes, storedBytes, requests, sockets }: SideFigures): string {
  const { min, median, max } = seconds;
  return [
    `${min.toFixed(2)} / ${median.toFixed(2)} / ${max.toFixed(2)} s`,
    `cpu ${cpuSeconds.toFixed(1)} s`,
    `memory ${megabytes(peakBytes)}`,
    storedBytes === null ? null : `stored ${megabytes(storedBytes)}`,
    requests === null ? null : `${requests} requests`,
    sockets === null ? null : `${sockets} sockets`,
  ]
    .filter((text) => text !== null)
    .join(", ");
}

function megabytes(bytes: number): string {
  return `${Math.round(bytes / 1e6)} MB`;
}
