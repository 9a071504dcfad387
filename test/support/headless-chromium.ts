/** How the tests start Chromium: without a screen, and without a graphics card's work done by the processor. */
export const headlessChromium = { headless: true, args: ["--disable-gpu"] };
