/**
 * Draws the icons of the installed app from public/icon.svg: `npx tsx test/browser/icons.ts`. To be run when the drawing has
 * changed; the results are kept beside it.
 */
import { readFileSync, writeFileSync } from "node:fs";
import { resolve } from "node:path";
import { chromium } from "playwright-core";
import { findPeer } from "../support/peers.ts";

const folder = resolve(import.meta.dirname, "../../public");
const drawing = readFileSync(resolve(folder, "icon.svg"), "utf8");
// Whoever masks an icon cuts its corners itself, so the ground fills the square. The bag is within the circle of four
// fifths of the width that no mask touches.
const square = drawing.replace(/ rx="112"/, "");
if (square === drawing) throw new Error("public/icon.svg has no rounded ground any more");

const icons = [
  { name: "icon-192.png", svg: drawing, size: 192 },
  { name: "icon-512.png", svg: drawing, size: 512 },
  { name: "icon-maskable-192.png", svg: square, size: 192 },
  { name: "icon-maskable-512.png", svg: square, size: 512 },
  { name: "apple-touch-icon.png", svg: square, size: 180 },
];

const browser = await chromium.launch({
  executablePath: findPeer("chromium")?.path ?? "chromium",
  args: ["--no-sandbox"],
});
for (const { name, svg, size } of icons) {
  const page = await browser.newPage({ viewport: { width: size, height: size } });
  await page.setContent(`<style>html,body{margin:0}svg{display:block;width:${size}px;height:${size}px}</style>${svg}`);
  writeFileSync(resolve(folder, name), await page.screenshot({ omitBackground: true }));
  await page.close();
}
await browser.close();
console.log(icons.map(({ name }) => name).join("\n"));
