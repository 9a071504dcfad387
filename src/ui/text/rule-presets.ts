import type { RulePresetId } from "../rule-presets.ts";

export const rulePresetText: Record<RulePresetId, { name: string; about: string }> = {
  builds: {
    name: "Build folders",
    about: "What developers' tools make or download again: node_modules, __pycache__, .venv, compiled parts.",
  },
  caches: {
    name: "Caches",
    about: "Copies that browsers and apps keep to be faster, and every folder that is marked as a cache.",
  },
  thumbnails: {
    name: "Thumbnails",
    about: "Small pictures that file managers draw again when they need them.",
  },
  temporary: {
    name: "Trash and temporary files",
    about: "Deleted files, unfinished downloads, and what programs leave behind while they work.",
  },
  litter: {
    name: "System files in folders",
    about: "What macOS and Windows put into folders: .DS_Store, Thumbs.db, desktop.ini, and their swap files.",
  },
};
