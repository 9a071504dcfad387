export const deviceText = {
  legend: "Whose device is this?",
  guest: "Somebody else’s",
  guestHint: "Nothing is kept here: no address, no list, no copy.",
  mine: "Mine",
  mineHint: "Your repositories are listed here, and open without a network. All but their address and name is sealed.",
  forgetTitle: "Forget everything on this device?",
  forgetBody:
    "The list of your repositories, their offline copies, the settings and the installed app go from this browser. The repositories themselves are not touched.",
  forgetLocks: "The repository that is open is locked first.",
  forget: "Forget everything on this device",
  forgetNow: "Forget everything",
  keep: "Keep it",
  forgotten: "Everything that was kept on this device is gone.",
  heldElsewhere: "Everything that was kept is emptied. Close the other tabs of Holdall to finish it.",
  notKeptTitle: "This browser keeps nothing",
  notKept: "It refused to store anything, as private windows do. All works, but nothing is remembered.",
} as const;

export const idleText = {
  title: "Nobody seems to be here",
  left: (seconds: number) => `Locking in ${seconds} s.`,
  body: "Move the mouse or press a key to go on.",
} as const;
