import type { Theme } from "./device-memory.ts";

/** Shows the page in these colours; tokens.css reads the attribute. */
export function showTheme(theme: Theme): void {
  const { dataset } = document.documentElement;
  if (theme === "system") delete dataset["theme"];
  else dataset["theme"] = theme;
}
