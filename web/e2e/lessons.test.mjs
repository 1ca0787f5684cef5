// Every lesson that is built in, act by act: it plays to its end, tells its answer, and its tasks
// tick when they are shown.
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";

import { assertAccessible, eventually, isPlaying, part, play, scene, time } from "./harness.mjs";

const MENU = readFileSync(new URL("../../scenarios/lessons.toml", import.meta.url), "utf8");
const LISTS = MENU.matchAll(/^lessons = \[([^\]]*)\]/gm);
const LESSONS = [...LISTS].flatMap(([, list]) => [...list.matchAll(/"([^"]+)"/g)].map((it) => it[1]));
const NARROW = { width: 320, height: 640 };

/** Plays from where the page stands to the end. */
async function playOut(page) {
  await part(page, "speed").selectOption("8");
  await play(page);
  await eventually("it ends", () => isPlaying(page), (playing) => !playing, 60_000);
}

/** Whether the answer is told. */
async function isTold(page) {
  return (await part(page, "verdict").getAttribute("data-told")) === "true";
}

async function assertNoSidewaysScroll(page) {
  const [content, width] = await page.evaluate(() => [
    document.scrollingElement.scrollWidth,
    document.scrollingElement.clientWidth,
  ]);
  assert.ok(content <= width, `the content is ${content} px wide in a window of ${width} px`);
}

/** One act, at its beginning: guess, watch, learn, try. */
async function walk(page, where) {
  assert.equal(await isTold(page), false, `${where} does not tell yet`);
  const guess = part(page, "answer").last();
  await guess.check();
  await playOut(page);
  assert.ok(await isTold(page), `${where} tells its answer`);
  assert.match(await part(page, "verdict").innerText(), /guess/, "and judges the guess");
  assert.ok((await page.locator("[data-right]").count()) > 0, `${where}: an answer is marked`);
  assert.ok(await guess.isChecked(), "the guess stays to be seen");
  assert.ok(await part(page, "card").isVisible(), `${where} has a closing card`);
  const tasks = await part(page, "task").count();
  const done = page.locator('[data-testid="task"][data-done="true"]');
  assert.equal(await done.count(), 0, `${where}: nothing is done untouched`);
  for (let place = 0; place < tasks; place += 1) {
    const task = part(page, "task").nth(place);
    await part(page, "show-me").nth(place).click();
    await playOut(page);
    assert.equal(await task.getAttribute("data-done"), "true", `${where}: task ${place + 1} ticks`);
    await part(page, "undo").click();
    assert.equal(await task.getAttribute("data-done"), "true", "what was tried stays ticked");
  }
}

for (const name of LESSONS) {
  scene(`walks through ${name}`, `./?scenario=${name}&at=0s`, {}, async (page) => {
    await walk(page, name);
    const acts = await part(page, "act").count();
    for (let act = 2; act <= acts; act += 1) {
      await part(page, "act").nth(act - 1).click();
      await walk(page, `${name}, act ${act}`);
      await eventually(
        "the act stands in the address",
        () => page.url(),
        (url) => url.includes(`scenario=${name}&act=${act}&at=`),
      );
    }
  });
}

for (const theme of ["light", "dark"]) {
  for (const [size, viewport] of [["1280 px", undefined], ["320 px", NARROW]]) {
    scene(`axe-core finds nothing at the end of any lesson: ${theme}, ${size}`, "./", {
      theme,
      viewport,
    }, async (page) => {
      for (let place = 0; place < LESSONS.length; place += 1) {
        await part(page, "lesson").selectOption({ index: place });
        await page.locator("body").press("End");
        await part(page, "card").waitFor();
        await assertNoSidewaysScroll(page);
        await assertAccessible(page);
      }
    });
  }
}

scene("a client's configuration is copied", "./?scenario=crash-before-commit&at=20s", {
  before: (page) => page.context().grantPermissions(["clipboard-read", "clipboard-write"]),
}, async (page) => {
  const side = part(page, "card-side").first();
  await side.locator("summary").click();
  await side.locator("pre").filter({ hasText: "group.id=billing" }).waitFor();
  await assertAccessible(page);
  const copy = part(side, "copy").last();
  await copy.click();
  await copy.getByText("Copied").waitFor();
  const copied = await page.evaluate(() => navigator.clipboard.readText());
  assert.match(copied, /group\.id=billing/, "it can be pasted");
});

scene("an answer is chosen by keyboard", "./?scenario=crash-before-commit&at=0s", {}, async (page) => {
  const answers = part(page, "answer");
  await answers.first().focus();
  await page.keyboard.press("Space");
  assert.ok(await answers.first().isChecked(), "space chooses");
  await page.keyboard.press("ArrowRight");
  assert.ok(await answers.nth(1).isChecked(), "an arrow goes on to the next");
  assert.equal(await time(page), 0, "and the clock stays where it was");
});

scene("an act that is not there is refused", "./?scenario=crash-before-commit&act=9&at=1s", {
}, async (page) => {
  const told = await page.locator("[role=alert]:visible").innerText();
  assert.match(told, /no act “9”/, "the page names what it does not know");
  assert.equal(await time(page), 1, "it shows the lesson all the same");
});

scene("the first screen holds all that matters", "./?scenario=crash-before-commit&at=20s", {
}, async (page) => {
  const bar = await page.locator(".transport").boundingBox();
  for (const name of ["question", "verdict", "stage", "caption-kafka", "ledger"]) {
    const box = await part(page, name).boundingBox();
    assert.ok(box.y >= 0 && box.y + box.height <= bar.y, `${name} is seen without scrolling`);
  }
});

const LOOKS = [{ theme: "light" }, { theme: "dark" }, { theme: "light", viewport: NARROW }];

for (const look of LOOKS) {
  const size = look.viewport ? "320 px" : "1280 px";
  scene(`the notes lead to lessons: ${look.theme}, ${size}`, "./notes.html", {
    unready: true,
    ...look,
  }, async (page) => {
    await assertAccessible(page);
    await assertNoSidewaysScroll(page);
    await page.getByRole("link", { name: "Crash before the commit" }).first().click();
    await page.locator('html[data-ready="true"]').waitFor({ state: "attached" });
    assert.match(page.url(), /scenario=crash-before-commit/, "the link names the lesson");
  });
}
