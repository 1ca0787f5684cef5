// What every end-to-end test stands on: the built page under a sub-path, one headless Chromium, and
// pages that remember every complaint. A test that ends with a complaint fails.
import assert from "node:assert/strict";
import { after, test } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import { fileURLToPath } from "node:url";

import axe from "axe-core";
import { chromium } from "playwright-core";

import { serve } from "./server.mjs";

/** Nobody's page lives at the root of a server, least of all one in a manual. */
const BASE = "/docs/lab/";
const DIST = fileURLToPath(new URL("../../dist", import.meta.url));
const FLAGS = [
  "--no-sandbox",
  "--disable-gpu",
  "--disable-quic",
  "--no-first-run",
  "--disable-background-networking",
  "--disable-component-update",
  "--disable-sync",
];

let browser;
let server;

/** The running server; started by the first who asks. */
export async function site() {
  server ??= serve({ root: DIST, base: BASE });
  return server;
}

/** A second server of the same page under another policy, ended with the test `t`. */
export async function siteWithPolicy(t, policy) {
  const other = await serve({ root: DIST, base: BASE, policy });
  t.after(other.close);
  return other.url;
}

async function launched() {
  browser ??= chromium.launch({
    executablePath: process.env.CHROME_PATH ?? "/usr/bin/chromium",
    args: FLAGS,
  });
  return browser;
}

after(async () => {
  await (await browser)?.close();
  await (await server)?.close();
});

/** Runs in every document before its own scripts: what a test wants to know afterwards. */
function watch() {
  const seen = { frames: 0, timers: 0, measures: {} };
  Object.defineProperty(window, "seen", { value: seen });
  for (const [name, counter] of [
    ["requestAnimationFrame", "frames"],
    ["setTimeout", "timers"],
    ["setInterval", "timers"],
  ]) {
    const original = window[name];
    window[name] = (callback, ...rest) => {
      const counted = (...given) => {
        seen[counter] += 1;
        return callback(...given);
      };
      return original.call(window, counted, ...rest);
    };
  }
  new PerformanceObserver((list) => {
    for (const { name } of list.getEntries()) {
      seen.measures[name] = (seen.measures[name] ?? 0) + 1;
    }
  }).observe({ type: "measure", buffered: true });
  document.addEventListener("securitypolicyviolation", (event) => {
    console.error(`policy violation: ${event.violatedDirective} ${event.blockedURI}`);
  });
}

/**
 * A test of the page. Opens `path` (with its query) below the site, hands the page to `body`, and
 * fails if the browser had anything to complain about, unless `complaints` expects it.
 *
 * Options: `viewport`, `theme` ("light" or "dark", what the system prefers), `reducedMotion`,
 * `before` (prepares the page before it is opened), `site` (another address), `unready` (do not
 * wait for the page to be ready), `complaints` (a pattern of the complaints that belong to the
 * test).
 */
export function scene(name, path, options, body) {
  test(name, { timeout: 120_000 }, async (t) => {
    const { theme, reducedMotion, viewport, before, unready, complaints } = options;
    const context = await (await launched()).newContext({
      viewport: viewport ?? { width: 1280, height: 800 },
      colorScheme: theme ?? "light",
      reducedMotion: reducedMotion ? "reduce" : "no-preference",
    });
    t.after(() => context.close());
    const page = await context.newPage();
    page.setDefaultTimeout(10_000);
    const heard = [];
    page.on("console", (message) => {
      if (["error", "warning"].includes(message.type())) {
        heard.push(`console: ${message.text()}`);
      }
    });
    page.on("pageerror", (error) => heard.push(`uncaught: ${error.message}`));
    page.on("requestfailed", (request) => {
      heard.push(`request: ${request.failure()?.errorText} ${request.url()}`);
    });
    page.on("response", (response) => {
      if (response.status() >= 400) {
        heard.push(`response: ${response.status()} ${response.url()}`);
      }
    });
    await context.addInitScript(watch);
    await before?.(page, t);
    const address = options.site ? await options.site(t) : (await site()).url;
    await page.goto(new URL(path, address).href);
    if (!unready) {
      await ready(page);
    }
    await body(page, t);
    const unexpected = heard.filter((complaint) => !complaints?.test(complaint));
    assert.deepEqual(unexpected, [], "the browser has nothing to complain about");
  });
}

/** Waits until `frame` (a page or a frame) has painted its first picture. */
export async function ready(frame) {
  await frame.locator('html[data-ready="true"]').waitFor({ state: "attached", timeout: 20_000 });
}

/** The part of the page under test with this name. */
export function part(frame, name) {
  return frame.locator(`[data-testid="${name}"]`);
}

/** Asks `probe` until `accepts` what it answers; the answer. */
export async function eventually(what, probe, accepts, timeout = 20_000) {
  const deadline = Date.now() + timeout;
  let answer = await probe();
  while (!accepts(answer)) {
    assert.ok(Date.now() < deadline, `${what}; after ${timeout} ms it is ${JSON.stringify(answer)}`);
    await sleep(50);
    answer = await probe();
  }
  return answer;
}

/** The instant the page shows, in seconds. */
export async function time(frame) {
  return Number.parseFloat(await part(frame, "time").innerText());
}

/** The hash of both worlds at the instant the page shows, while it is paused. */
export async function hash(page) {
  return page.locator("html").getAttribute("data-hash");
}

/** The instant and the hash in one line, to compare. */
export async function instant(page) {
  return `${await part(page, "time").innerText()} ${await hash(page)}`;
}

/** Starts the clock if it stands. */
export async function play(frame) {
  if (!(await isPlaying(frame))) {
    await part(frame, "play").click();
  }
  await eventually("the page plays", () => isPlaying(frame), Boolean);
}

/** Stops the clock if it runs. */
export async function pause(frame) {
  if (await isPlaying(frame)) {
    await part(frame, "play").click();
  }
  await eventually("the page is paused", () => isPlaying(frame), (playing) => !playing);
}

/** Whether the clock runs: pressed, or named for what it would do next. */
export async function isPlaying(frame) {
  const button = part(frame, "play");
  const pressed = await button.getAttribute("aria-pressed");
  if (pressed !== null) {
    return pressed === "true";
  }
  const label = (await button.getAttribute("aria-label")) ?? (await button.innerText());
  return /pause/i.test(label);
}

/** The number in every cell of the ledger: `{ kafka: { once: 3, … }, rabbitmq: { … } }`. */
export async function ledger(page) {
  const cells = await part(page, "ledger").locator("td[data-outcome]").all();
  const sums = {};
  for (const cell of cells) {
    const system = await cell.locator("xpath=ancestor::tr").getAttribute("data-system");
    const outcome = await cell.getAttribute("data-outcome");
    const number = Number.parseInt((await cell.innerText()).replaceAll(/[^0-9]/g, "") || "0", 10);
    sums[system] ??= {};
    sums[system][outcome] = (sums[system][outcome] ?? 0) + number;
  }
  return sums;
}

/** Asserts that axe-core finds nothing in `frame`, whose style sheets it reads if it may. */
export async function assertAccessible(frame, { preload = true } = {}) {
  // Defined through the debugger: the page's policy rightly refuses a script of ours.
  await frame.evaluate(axe.source);
  const { violations } = await frame.evaluate(
    (options) => window.axe.run(document, options),
    { iframes: false, preload },
  );
  const told = violations.flatMap(({ id, help, nodes }) =>
    nodes.map((node) => `${id}: ${help}: ${node.target.join(" ")}`),
  );
  assert.deepEqual(told, [], "axe-core finds nothing");
}
