import type { ErrorCode, ErrorContext } from "../../../core/base/errors.ts";
import { type ErrorText, thingOf } from "../error-text.ts";

/** What a server does, or the way to it. */
export const serverErrors = {
  network: {
    title: "No answer from the server",
    happened:
      "The request got no answer. A browser cannot tell a server that is off from a wrong name, a certificate it does not trust, or a server that does not let this page in.",
    advice:
      "Check the address and the network. If the server is on another address than this page, it must allow it (CORS).",
  },
  timeout: {
    title: "The server went silent",
    happened: "The connection stood, but nothing arrived for five minutes. What was stored before is kept.",
    advice: "Check the network and the server, then try again.",
  },
  "server-busy": {
    title: "The server is busy",
    happened: (context) =>
      `The server answered${statusOf(context)} again and again: it cannot serve requests right now. What was stored before is kept.`,
    advice: "Try again in a few minutes. If it stays so, look at the server's log, or at that of a proxy before it.",
  },
  "short-body": {
    title: "An answer was cut off",
    happened:
      "The server sent fewer or more bytes than were asked for, several times. Nothing of it was used, and nothing is lost.",
    advice: "A proxy in between may be cutting answers. Try again, or use another network.",
  },
  "not-found": {
    title: "A file of the repository is missing",
    happened: (context) => `The repository has no ${thingOf(context)}.`,
    advice:
      "Somebody may have removed it, or may be thinning out the repository right now. Check the repository with restic.",
  },
  "login-rejected": {
    title: "The server did not accept the login",
    happened:
      "This is the user name and password of the server, not the password of the repository. What is stored is not affected.",
    advice: "Type the server's login again, or ask whoever runs the server.",
  },
  "access-denied": {
    title: "This login may not read here",
    happened: "The server knows the login but does not let it into this folder. What is stored is not affected.",
    advice:
      "Check the path: some servers give each user a folder of their own, such as /user/name/. A proxy or a firewall before the server may refuse, too.",
  },
  "append-only": {
    title: "The server keeps everything",
    happened: "It is set to append only, so nothing can be removed through it. Nothing is lost.",
    advice: "Remove things on the server itself, or with a login that may.",
  },
  "already-exists": {
    title: "Another file of this name is there",
    happened:
      "A file could not be stored because one with its name and other contents is there already. Nothing was overwritten.",
    advice: "Run restic check before you go on: the stored file may be damaged, or half of it may be missing.",
  },
  "method-refused": {
    title: "The server refuses this kind of request",
    happened: "It answered that the method is not allowed. It may be set to read only, or it is no restic REST server.",
    advice: "Check the address, and whether the server allows writing.",
  },
  conflict: {
    title: "The server reports a conflict",
    happened: "The server refused a request because of something else that happens at the same time.",
    advice: "Try again. If it stays so, look at the server's log.",
  },
  gone: {
    title: "The server says this is gone",
    happened: "The address was used once and was closed for good.",
    advice: "Ask whoever runs the server for the new address.",
  },
  "too-large": {
    title: "The server takes no files of this size",
    happened:
      "A proxy before it, or the server itself, refused an upload for its size. Uploads are about as large as the pack size, 16 MiB if nothing else was chosen, and sometimes more. What was stored before is kept and reused.",
    advice:
      "Raise the limit of the proxy (nginx: client_max_body_size 0; Apache: LimitRequestBody 0), or choose a smaller pack size, and try again.",
  },
  "range-refused": {
    title: "A stored file is shorter than it should be",
    happened: (context) => `There is less of ${thingOf(context)} than there must be.`,
    advice: "The file may be damaged. Check the repository with restic.",
  },
  "storage-full": {
    title: "The server is full",
    happened:
      "Its disk is full, or the quota of this login is used up. What was uploaded is kept, and the snapshots you have are untouched.",
    advice:
      "Make room on the server or raise the quota, then run the backup again: what was uploaded is reused. Forgetting old snapshots alone frees nothing; restic prune does.",
  },
  redirected: {
    title: "The server points elsewhere",
    happened:
      "It answered with another address. Holdall does not follow, so that a login goes nowhere unseen. Nothing was changed.",
    advice:
      "Use the address that the server really has; often https instead of http, or one with a slash at the end. If it worked before, a login page of the network or of a proxy may stand in between.",
  },
  "not-a-rest-server": {
    title: "This is no restic server",
    happened:
      "A web page came instead of data: another program is at this address, or a login page of the network or of a proxy stands in between. Nothing of it was used.",
    advice:
      "If it worked before, open the server's address in a tab of its own, log in where you are asked to, and try again. Else check host, port and path.",
  },
  "insecure-login": {
    title: "This login would travel in the open",
    happened:
      "The address begins with http, so everybody on the way could read user name and password. Nothing was sent.",
    advice: "Use an https address. Only a server on this same computer may do without.",
  },
  "bad-address": {
    title: "This is no address of a server",
    happened: "An address looks like https://nas.home:8000/photos/.",
    advice: "Paste it as restic knows it; rest: in front is fine.",
  },
  "unexpected-status": {
    title: "An answer that was not expected",
    happened: (context) => `The server answered${statusOf(context)}, which a restic server does not do here.`,
    advice: "Check the address. A proxy in between may have answered instead.",
  },
} satisfies Partial<Record<ErrorCode, ErrorText>>;

function statusOf(context: ErrorContext): string {
  const status = context["status"];
  return status === undefined ? "" : ` with status ${status}`;
}
