// A person's own data as the workload.
import assert from "node:assert/strict";

import { eventually, hash, part, play, scene } from "./harness.mjs";

const LESSON = "./?scenario=retained-or-removed&at=1s";
const ORDERS = 'order,customer_id\n1,"Müller, Anna"\n2,李雷\n3,"Müller, Anna"\n4,\n';

/** Opens the panel and says what the data is; `text` is typed, `file` is chosen. */
async function offer(page, { format, column, text, file }) {
  await part(page, "data-open").click();
  await part(page, "data-format").selectOption(format);
  if (text !== undefined) {
    await part(page, "data-text").fill(text);
  } else {
    await part(page, "data-file").setInputFiles(file);
  }
  if (column !== undefined) {
    const field = part(page, "data-column");
    const isSelect = await field.evaluate((element) => element.tagName === "SELECT");
    await (isSelect ? field.selectOption(column) : field.fill(column));
  }
  await part(page, "data-load").click();
}

/** Plays until the mirror of the state holds each of `keys`. */
async function assertSeen(page, keys) {
  await part(page, "speed").selectOption("8");
  await play(page);
  await eventually(
    "the keys are messages now",
    () => part(page, "mirror").textContent(),
    (told) => keys.every((key) => told.includes(key)),
    40_000,
  );
}

scene("a CSV file with quotes and UTF-8 becomes the workload", LESSON, {}, async (page) => {
  const file = { name: "orders.csv", mimeType: "text/csv", buffer: Buffer.from(ORDERS) };
  await offer(page, { format: "csv", column: "customer_id", file });
  await assertSeen(page, ["Müller, Anna", "李雷"]);
});

scene("a file that is dropped becomes the workload", LESSON, {}, async (page) => {
  await part(page, "data-open").click();
  const form = page.locator(".data-panel form");
  const dropped = await page.evaluateHandle(() => {
    const data = new DataTransfer();
    data.items.add(new File(["teal\nolive\nteal\n"], "keys.txt", { type: "text/plain" }));
    return data;
  });
  await form.dispatchEvent("dragover", { dataTransfer: dropped });
  assert.equal(await form.getAttribute("data-over"), "true", "it shows where to let go");
  await form.dispatchEvent("drop", { dataTransfer: dropped });
  await eventually(
    "it no longer waits for a drop",
    () => form.getAttribute("data-over"),
    (over) => over === "false",
  );
  await part(page, "data-load").click();
  await assertSeen(page, ["teal", "olive"]);
});

scene("pasted lines become the workload", LESSON, {}, async (page) => {
  await offer(page, { format: "lines", text: "red\ngreen\nred\n" });
  await assertSeen(page, ["red", "green"]);
});

scene("pasted JSON lines become the workload", LESSON, {}, async (page) => {
  const text = '{"customer":"Zoë"}\n{"customer":"Yara"}\n';
  await offer(page, { format: "jsonl", column: "customer", text });
  await assertSeen(page, ["Zoë", "Yara"]);
});

const WRONG = [
  { format: "csv", column: "customer_id", text: "order,customer_id\n1,zoe\n2\n3,bo\n" },
  { format: "jsonl", column: "customer", text: '{"customer":"a"}\n{"customer":"b"}\n{"cus\n' },
];

for (const wrong of WRONG) {
  scene(`a wrong line of ${wrong.format} is named, nothing is loaded`, LESSON, {}, async (page) => {
    const before = await hash(page);
    await offer(page, wrong);
    await eventually(
      "the wrong line is named by its number",
      () => part(page, "data-error").innerText(),
      (told) => /line 3\b/i.test(told),
    );
    assert.equal(await hash(page), before, "the state is as it was");
    const told = await part(page, "mirror").textContent();
    assert.ok(!told.includes("zoe"), "none of the rows before it has come in");
  });
}

scene("a file of 200,000 rows shows its progress", LESSON, {}, async (page) => {
  const rows = Array.from({ length: 200_000 }, (_, row) => `customer-${row % 1000}`);
  const file = { name: "keys.txt", mimeType: "text/plain", buffer: Buffer.from(rows.join("\n")) };
  await page.evaluate(() => {
    window.progressSeen = false;
    new MutationObserver(() => {
      window.progressSeen ||= document.querySelector('[data-testid="data-progress"]') !== null;
    }).observe(document.body, { subtree: true, childList: true, attributes: true });
  });
  await offer(page, { format: "lines", file });
  await assertSeen(page, ["customer-1"]);
  assert.ok(await page.evaluate(() => window.progressSeen), "a progress bar was there");
});

scene("where a key goes is told with its arithmetic", LESSON, {}, async (page) => {
  await part(page, "data-open").click();
  await part(page, "place-key").fill("user-123");
  await part(page, "place-partitions").fill("12");
  const told = part(page, "place");
  await told.getByText("partition 8").waitFor();
  assert.ok((await told.innerText()).includes("-1468255980"), "the hash is shown");
  await part(page, "place-client").selectOption("librdkafka");
  await told.getByText("crc32").waitFor();
  await part(page, "place-partitions").fill("0");
  await told.getByText("1 to 100,000").waitFor();
});
