export const unprotectedText = {
  title: "This address does not protect the page",
  happened:
    "Whoever serves Holdall has to tell the browser to run nothing but Holdall's own code here. That word is missing, so a stored file could run as a part of this page and read your password. Nothing is opened here.",
  advice:
    "Serve the page with Holdall's own server (npm start), or with the headers that the README gives for Caddy and nginx. Nothing in a repository has to be changed.",
} as const;
