import { countOf } from "./amounts.ts";

export const updateText = {
  title: "A new version of Holdall is ready",
  closed: "It starts when the page is loaded again.",
  open: "It starts when the page is loaded again. That locks the repository.",
  waiting: (jobs: number) => `It can be loaded when ${countOf(jobs, "job has", "jobs have")} ended.`,
  reload: "Reload",
  later: "Later",
} as const;
