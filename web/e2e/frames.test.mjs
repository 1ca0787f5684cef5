// What a frame costs is measured, and a page that stands still costs nothing.
import assert from "node:assert/strict";
import { setTimeout as sleep } from "node:timers/promises";

import { eventually, part, pause, play, scene } from "./harness.mjs";

const LESSON = "./?scenario=crash-before-commit&at=5s";

/** What happens in the page during one second. */
async function oneSecond(page) {
  await page.evaluate(() => Object.assign(window.seen, { frames: 0, timers: 0 }));
  await sleep(1000);
  return page.evaluate(() => ({ frames: window.seen.frames, timers: window.seen.timers }));
}

scene("both halves of a frame are measured", LESSON, {}, async (page) => {
  await play(page);
  await eventually(
    "measures named simulate and paint appear",
    () => page.evaluate(() => window.seen.measures),
    ({ simulate, paint }) => simulate > 5 && paint > 5,
  );
});

scene("a page opened paused schedules nothing", LESSON, {}, async (page) => {
  await sleep(1000); // The address bar and the live region may have their last word.
  assert.deepEqual(await oneSecond(page), { frames: 0, timers: 0 }, "it stands still");
});

scene("a page that was paused schedules nothing", LESSON, {}, async (page) => {
  await part(page, "speed").selectOption("1");
  await play(page);
  assert.ok((await oneSecond(page)).frames > 0, "while it plays it draws");
  await pause(page);
  await sleep(1000);
  assert.deepEqual(await oneSecond(page), { frames: 0, timers: 0 }, "it stands still");
});
