import type { RulePresetId } from "../rule-presets.ts";

export const rulePresetText: Record<RulePresetId, { name: string; hint: string }> = {
  builds: {
    name: "Build folders",
    hint: "What developers' tools make or download again: node_modules, __pycache__, .venv, compiled parts.",
  },
  caches: {
    name: "Caches",
    hint: "Copies that browsers and other programs keep to be faster.",
  },
  thumbnails: {
    name: "Thumbnails",
    hint: "Small pictures that file managers draw again when they need them.",
  },
  temporary: {
    name: "Trash and temporary files",
    hint: "Deleted files, unfinished downloads, and what programs leave behind while they work.",
  },
  litter: {
    name: "System files in folders",
    hint: "What macOS and Windows put into folders: .DS_Store, Thumbs.db, desktop.ini, and their swap files.",
  },
};
