// A lesson as a guest: in a sandboxed frame without an origin, in a page that is not ours.
import assert from "node:assert/strict";
import { setTimeout as sleep } from "node:timers/promises";

import {
  assertAccessible, eventually, isPlaying, part, play, ready, scene, time,
} from "./harness.mjs";

/** The frame with the lesson, scrolled into view and painted. */
async function lesson(page) {
  const host = page.locator("iframe.lesson");
  await host.scrollIntoViewIfNeeded();
  const frame = await (await host.elementHandle()).contentFrame();
  await ready(frame);
  return frame;
}

scene("the example page shows the lesson at its instant", "./example.html", {
  unready: true,
}, async (page) => {
  const frame = await lesson(page);
  assert.equal(await frame.evaluate(() => window.origin), "null", "the sandbox holds");
  assert.notEqual((await part(frame, "question").innerText()).trim(), "", "it asks its question");
  assert.ok(await part(frame, "stage").isVisible(), "the stage is there");
  assert.equal(await time(frame), 14.2, "it stands at the instant asked for");
  const theme = await frame.locator("html").getAttribute("data-theme");
  assert.equal(theme, "light", "it has the theme asked for");
  // A frame without an origin may not read even its own style sheets.
  await assertAccessible(frame, { preload: false });
});

scene("a guest plays when asked, not before", "./example.html", { unready: true }, async (page) => {
  const frame = await lesson(page);
  await sleep(1000);
  assert.equal(await isPlaying(frame), false, "it has not started by itself");
  assert.equal(await time(frame), 14.2, "time has not moved");
  await play(frame);
  await eventually("the clock runs", () => time(frame), (now) => now > 14.7);
});

scene("a guest has no sideways scroll at 320 px", "./example.html", {
  unready: true,
  viewport: { width: 320, height: 640 },
}, async (page) => {
  const frame = await lesson(page);
  for (const each of [page.mainFrame(), frame]) {
    const [content, width] = await each.evaluate(() => [
      document.scrollingElement.scrollWidth,
      document.scrollingElement.clientWidth,
    ]);
    assert.ok(content <= width, `the content is ${content} px wide in a window of ${width} px`);
  }
});
