import type { Page } from "@playwright/test";

/** A line of a result: which file, and what became of it. */
export interface ReportLine {
  /** Without the slash in front that stands for the snapshot's root. */
  path: string;
  says: string;
}

/** All lines of the list of a result that has this title; none if there is no such list. */
export async function readLines(page: Page, titleOf: (count: number) => string): Promise<ReportLine[]> {
  for (const list of await page.getByRole("main").getByRole("region").all()) {
    const title = (await list.getAttribute("aria-label")) ?? "";
    const count = Number(/^[\d,.\s]+/.exec(title)?.[0].replaceAll(/\D/g, ""));
    if (title !== titleOf(count)) continue;
    // Only what is in view is drawn: without a limit to its height, that is all of it.
    await list.evaluate((element) => element.style.setProperty("max-height", "none"));
    const parts = list.locator("span");
    await parts.nth(2 * count - 1).waitFor({ state: "attached" });
    const texts = await parts.evaluateAll((spans) => spans.map((span) => span.textContent ?? ""));
    return texts.flatMap((path, i) =>
      i % 2 === 0 ? [{ path: path.replace(/^\//, ""), says: texts[i + 1] ?? "" }] : [],
    );
  }
  return [];
}
