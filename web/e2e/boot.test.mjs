// The shell around the program: it starts under a sub-path and a strict policy, knows its theme
// before it paints, and says in one sentence why it cannot start.
import assert from "node:assert/strict";

import { eventually, scene, siteWithPolicy } from "./harness.mjs";

const WASM = /\.wasm$/;

async function assertSays(page, pattern) {
  const alert = page.locator("#boot[role=alert]");
  await eventually("the page says why", () => alert.innerText(), (text) => pattern.test(text));
}

scene("starts under a sub-path and a strict policy", "./", {}, async (page) => {
  assert.equal(await page.locator("#boot").count(), 0, "the loading text has made room");
});

scene("an index.html in the address works too", "./index.html", {}, async () => {});

for (const theme of ["light", "dark"]) {
  const other = theme === "light" ? "dark" : "light";
  scene(`?theme=${theme} wins over the system, before the program is there`, `./?theme=${theme}`, {
    theme: other,
    unready: true,
    before: (page) => page.route(WASM, () => {}),
  }, async (page) => {
    assert.equal(await page.locator("html").getAttribute("data-theme"), theme, "it is set");
    const meta = page.locator('meta[name="color-scheme"]');
    assert.equal(await meta.getAttribute("content"), theme, "the browser's own colours follow");
  });
}

scene("without a theme in the address the system decides", "./", {}, async (page) => {
  assert.equal(await page.locator("html").getAttribute("data-theme"), null, "none is set");
});

scene("a lost program is told", "./", {
  unready: true,
  before: (page) => page.route(WASM, (route) => route.abort()),
  complaints: /ERR_FAILED/,
}, (page) => assertSays(page, /^Brokerscope cannot start because .*\.wasm could not be fetched/));

scene("a missing program is told", "./", {
  unready: true,
  before: (page) => page.route(WASM, (route) => route.fulfill({ status: 404 })),
  complaints: /404|ERR_ABORTED/,
}, (page) => assertSays(page, /the server answered 404 for .*\.wasm\.$/));

scene("a broken program is told", "./", {
  unready: true,
  before: (page) =>
    page.route(WASM, (route) => route.fulfill({ contentType: "application/wasm", body: "no" })),
}, (page) => assertSays(page, /\.wasm did not run/));

scene("a policy without WebAssembly is told", "./", {
  unready: true,
  site: (t) => siteWithPolicy(t, "default-src 'none'; script-src 'self'; style-src 'self'; " +
    "connect-src 'self'; img-src 'self' data:"),
  complaints: /policy/i,
}, (page) => assertSays(page, /lacks 'wasm-unsafe-eval'\.$/));

scene("a browser without WebAssembly is told", "./", {
  unready: true,
  before: (page) => page.addInitScript(() => delete window.WebAssembly),
}, (page) => assertSays(page, /WebAssembly is switched off or missing/));
