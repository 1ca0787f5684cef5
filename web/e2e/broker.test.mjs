// Brokers can be crashed and started again, with the mouse and without, and the tables tell it.
import assert from "node:assert/strict";

import { assertAccessible, eventually, hash, part, scene } from "./harness.mjs";

const LESSON = "./?scenario=crash-before-commit&at=5s";

/** What the tables say of Kafka's broker 1. */
async function standing(page) {
  return part(page, "mirror").locator("tr", { hasText: "broker 1" }).first().innerText();
}

scene("the only broker crashes, starts again, and it is undone", LESSON, {}, async (page) => {
  const before = await hash(page);
  const broker = page.locator("[data-broker]");
  assert.equal(await broker.getAttribute("data-action"), "crash");
  await broker.focus();
  await page.keyboard.press("Enter");
  await eventually("the tables tell it", () => standing(page), (told) => told.includes("crashed"));
  const offered = () => broker.getAttribute("data-action");
  await eventually("it can be started again", offered, (action) => action === "restart");
  await assertAccessible(page);
  await page.getByRole("button", { name: "Undo" }).click();
  await eventually("all is as it was", () => hash(page), (now) => now === before);
});

scene("a menu opens at a card and does what it says", LESSON, {}, async (page) => {
  const card = page.getByRole("button", { name: /^consumer c1: / }).first();
  await card.focus();
  await page.keyboard.press("Enter");
  const menu = part(page, "menu");
  await menu.waitFor();
  await assertAccessible(page);
  await page.keyboard.press("Escape");
  await menu.waitFor({ state: "detached" });
  await card.click();
  await menu.getByRole("button", { name: "Crash" }).click();
  const crashed = page.getByRole("button", { name: /^consumer c1: crashed/ });
  await crashed.first().waitFor({ state: "attached" });
});
