// The page for everyone: small windows, both themes, less motion, tables instead of pictures.
import assert from "node:assert/strict";

import { assertAccessible, part, scene } from "./harness.mjs";

const LESSON = "./?scenario=crash-before-commit&at=9s";
const NARROW = { width: 320, height: 640 };

async function assertNoSidewaysScroll(page) {
  const { content, window: width } = await page.evaluate(() => ({
    content: document.scrollingElement.scrollWidth,
    window: document.scrollingElement.clientWidth,
  }));
  assert.ok(content <= width, `the content is ${content} px wide in a window of ${width} px`);
}

scene("320 px is wide enough", LESSON, { viewport: NARROW }, async (page) => {
  await assertNoSidewaysScroll(page);
  await part(page, "data-open").click();
  await assertNoSidewaysScroll(page);
});

const LOOKS = [
  { name: "light", theme: "light" },
  { name: "dark", theme: "dark" },
  { name: "reduced motion", theme: "light", reducedMotion: true },
  { name: "320 px", theme: "light", viewport: NARROW },
];

for (const { name, ...look } of LOOKS) {
  scene(`axe-core finds nothing: ${name}`, LESSON, look, async (page) => {
    await assertAccessible(page);
  });

  scene(`axe-core finds nothing with the data panel open: ${name}`, LESSON, look, async (page) => {
    await part(page, "data-open").click();
    await part(page, "data-text").waitFor();
    await assertAccessible(page);
  });
}

scene("axe-core finds nothing while it plays", "./", {}, assertAccessible);

scene("axe-core finds nothing on the example page", "./example.html", {
  unready: true,
}, assertAccessible);

for (const { name, ...look } of LOOKS) {
  scene(`axe-core finds nothing on the page of what is modelled: ${name}`, "./model.html", {
    unready: true,
    ...look,
  }, async (page) => {
    await assertAccessible(page);
    await assertNoSidewaysScroll(page);
  });
}

scene("help leads to what is modelled", "./", {}, async (page) => {
  await page.keyboard.press("?");
  await page.getByRole("link", { name: "What is modelled" }).click();
  await page.getByRole("heading", { level: 1, name: "Modelled" }).waitFor();
  const rules = page.locator("#kafka table").last().locator("tr");
  assert.ok((await rules.count()) > 50, "the rules are listed with their sources");
});

scene("tables say what the picture shows", LESSON, {}, async (page) => {
  const mirror = part(page, "mirror");
  assert.ok((await mirror.locator("table").count()) >= 2, "there is a table for each system");
  assert.ok((await mirror.locator("th").count()) >= 2, "the tables have headings");
  const canvas = page.locator('[data-testid="stage"] canvas').first();
  const named = await canvas.evaluate(
    (element) => element.closest("[aria-hidden=true]") !== null ||
      element.hasAttribute("aria-label") || element.hasAttribute("aria-labelledby"),
  );
  assert.ok(named, "the picture has a name, or is hidden from those who get the tables");
});

for (const { name, ...look } of LOOKS) {
  scene(`axe-core finds nothing with the settings open: ${name}`, LESSON, look, async (page) => {
    await page.getByRole("button", { name: "Settings" }).click();
    await page.getByText("max.poll.records = 3").waitFor();
    await assertAccessible(page);
    await assertNoSidewaysScroll(page);
  });
}
