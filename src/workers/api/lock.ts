export interface LockInfo {
  id: string;
  hostname: string;
  username: string;
  pid: number | null;
  /** Null if it cannot be read. */
  timeMs: number | null;
  exclusive: boolean;
  /** "here": held by this tab; "other-tab": by another tab of this browser; "left-behind": by one that is gone. */
  holder: "here" | "other-tab" | "left-behind" | "somebody";
}
