import type { Finding } from "./aftermath.ts";
import type { Driver, Fault, Injected, Injection } from "./fault.ts";

interface Entry {
  readonly name: string;
  readonly driver: Driver;
  readonly least: number;
  planned: number;
  fired: number;
  lost: number;
  rejected: number;
  /** How the disturbed runs ended, and how often. */
  readonly ends: Map<string, number>;
  /** The most packs that a second run had to send again. */
  mostAgain: number;
}

/** What happened in a run, fault by fault. A fault that did not fire as often as planned fails the run. */
export class Ledger {
  private readonly entries = new Map<Fault, Entry>();

  plan(fault: Fault, planned: number, least: number): void {
    const { name, driver } = fault;
    const counts = { planned, fired: 0, lost: 0, rejected: 0, mostAgain: 0 };
    this.entries.set(fault, { name, driver, least, ...counts, ends: new Map() });
  }

  /** Returns a line for each thing that is wrong. */
  note(fault: Fault, injection: Injection, injected: Injected): string[] {
    const entry = this.entries.get(fault);
    if (entry === undefined) throw new RangeError(`${fault.name} was not planned`);
    const { fired, ended, aftermath } = injected;
    if (!fired) return [`${fault.name}: did not fire at ${injection.where}`];
    entry.fired++;
    entry.ends.set(ended, (entry.ends.get(ended) ?? 0) + 1);
    entry.mostAgain = Math.max(entry.mostAgain, aftermath.packsAgain);
    const kinds = new Set(aftermath.findings.map(({ kind }) => kind));
    if (kinds.has("lost")) entry.lost++;
    if (kinds.has("rejected")) entry.rejected++;
    return aftermath.findings.map((finding) => lineOf(fault, injection, ended, finding));
  }

  get totals(): { injected: number; lost: number; rejected: number } {
    const entries = [...this.entries.values()];
    const sum = (count: "fired" | "lost" | "rejected") => entries.reduce((all, entry) => all + entry[count], 0);
    return { injected: sum("fired"), lost: sum("lost"), rejected: sum("rejected") };
  }

  /** Faults that did not happen as often as they have to. */
  get missed(): string[] {
    return [...this.entries.values()]
      .filter(({ planned, fired, least }) => fired < Math.max(planned, least))
      .map(
        ({ name, planned, fired, least }) => `${name}: fired ${fired} of ${planned} times, at least ${least} wanted`,
      );
  }

  table(): string {
    const rows = [...this.entries.values()].map((entry) => [
      entry.name,
      entry.driver,
      String(entry.planned),
      String(entry.fired),
      String(entry.lost),
      String(entry.rejected),
      String(entry.mostAgain),
      [...entry.ends].map(([end, count]) => `${count} ${end}`).join(", "),
    ]);
    const titles = ["fault", "driver", "planned", "fired", "lost", "rejected", "packs again", "ended"];
    const widths = titles.map((title, i) => Math.max(title.length, ...rows.map((row) => row[i]?.length ?? 0)));
    const line = (cells: readonly string[]) =>
      cells
        .map((cell, i) => cell.padEnd(widths[i] ?? 0))
        .join(" | ")
        .trimEnd();
    return [line(titles), widths.map((width) => "-".repeat(width)).join("-|-"), ...rows.map(line)].join("\n");
  }
}

function lineOf(fault: Fault, { where }: Injection, ended: string, { kind, reason, detail }: Finding): string {
  return `${kind.toUpperCase()} ${fault.name}, ${where}, ended ${ended}: ${reason}: ${detail}`;
}
