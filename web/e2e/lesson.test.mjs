// A lesson on the page: it plays untouched, can be broken, and goes back exactly.
import assert from "node:assert/strict";

import {
  eventually, hash, instant, isPlaying, ledger, part, pause, play, scene, time,
} from "./harness.mjs";

/** A lesson in which a consumer can crash between finishing a message and saying so. */
const LESSON = "./?scenario=crash-before-commit";

scene("untouched it plays and the state advances", "./", {}, async (page) => {
  assert.ok(await isPlaying(page), "nobody has to press play");
  const first = await time(page);
  const counted = JSON.stringify(await ledger(page));
  await eventually("the clock runs", () => time(page), (now) => now > first + 1);
  await eventually(
    "the ledger changes",
    async () => JSON.stringify(await ledger(page)),
    (now) => now !== counted,
    60_000,
  );
  for (const name of ["question", "caption-kafka", "caption-rabbitmq"]) {
    assert.notEqual((await part(page, name).innerText()).trim(), "", `${name} says something`);
  }
});

scene("an instant in the address opens paused there", `${LESSON}&at=5.5s`, {}, async (page) => {
  assert.equal(await isPlaying(page), false, "it waits");
  assert.equal(await time(page), 5.5, "it stands at the instant asked for");
});

scene("a crash makes both systems work twice", `${LESSON}&at=3s`, {}, async (page) => {
  const crash = page.locator('[data-action="crash"][data-consumer="c1"]').first();
  const restart = page.locator('[data-action="restart"][data-consumer="c1"]').first();
  await crash.click();
  await part(page, "speed").selectOption("8");
  await play(page);
  const crashed = await time(page);
  await eventually("the clock runs", () => time(page), (now) => now > crashed + 1);
  if ((await restart.count()) > 0 && (await restart.isEnabled())) {
    await restart.click();
  }
  await eventually(
    "both ledgers show a duplicate",
    () => ledger(page),
    ({ kafka, rabbitmq }) => kafka?.twice >= 1 && rabbitmq?.twice >= 1,
    40_000,
  );
  const told = await part(page, "log").innerText();
  assert.match(told, /crash/i, "the log tells of the crash");
});

scene("a step back restores the exact earlier state", `${LESSON}&at=5s`, {}, async (page) => {
  const seen = [];
  for (let steps = 0; steps < 5; steps += 1) {
    const before = await instant(page);
    await part(page, "step").click();
    // Two facts may share the hundredth of a second that the page shows.
    seen.push(await eventually("a step goes on", () => instant(page), (now) => now !== before));
  }
  for (const earlier of seen.reverse().slice(1)) {
    await part(page, "step-back").click();
    await eventually("the state is as it was", () => instant(page), (now) => now === earlier);
  }
});

scene("playing on and scrubbing back restores it too", `${LESSON}&at=5s`, {}, async (page) => {
  assert.match((await hash(page)) ?? "", /^[0-9a-f]{8,}$/, "a paused page says its hash");
  const earlier = await instant(page);
  await part(page, "speed").selectOption("8");
  await play(page);
  await eventually("the clock runs", () => time(page), (now) => now > 8);
  await pause(page);
  assert.notEqual(await instant(page), earlier, "time has changed the state");
  await part(page, "scrubber").fill("5000");
  await eventually("the state is as it was", () => instant(page), (now) => now === earlier);
});

scene("restart begins again", `${LESSON}&at=5s`, {}, async (page) => {
  await part(page, "restart").click();
  await eventually("the clock is back at the beginning", () => time(page), (now) => now < 1);
});

scene("an unknown lesson is refused in one sentence", "./?scenario=no-such-lesson", {
  unready: true,
}, async (page) => {
  const alert = page.locator("[role=alert]:visible");
  const text = await eventually(
    "the page names what it does not know",
    async () => (await alert.allInnerTexts()).join(" ").trim(),
    (told) => told.includes("no-such-lesson"),
  );
  assert.match(text, /\.$/, "it is a sentence");
  assert.ok(text.length < 300, "it is short");
});
