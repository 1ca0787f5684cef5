// The JavaScript API under Node, and parity: the same hashes natively and in WebAssembly.

import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { test } from "node:test";
import { Lab, lessons } from "../../../target/bindings-node/brokerscope_bindings.js";

const SECOND = 1_000_000;

test("every lesson is listed and can be loaded", () => {
  const listed = lessons();
  assert.ok(listed.length >= 3);
  for (const { name, title, question, group, acts } of listed) {
    assert.ok(title.length > 0 && question.length > 0 && group.length > 0, name);
    for (let act = 1; act <= Math.max(acts.length, 1); act += 1) {
      const lab = new Lab(name, act);
      assert.equal(lab.nowUs, 0);
      assert.ok(lab.endUs > 0, name);
      for (const { system, answer } of lab.answers()) {
        assert.ok(answer, `${name}, act ${act}: one answer is right in ${system}`);
      }
    }
    assert.throws(() => new Lab(name, 9), /there is no act 9/);
  }
});

test("a run is the same natively and in WebAssembly", () => {
  const command = process.env.BROKERSCOPE_CLI;
  assert.ok(command, "BROKERSCOPE_CLI names the native command");
  for (const { name } of lessons()) {
    const options = { encoding: "utf8", maxBuffer: 1 << 28 };
    const native = JSON.parse(execFileSync(command, ["run", name, "--json"], options));
    const lab = new Lab(name);
    lab.seek(lab.endUs);
    assert.equal(lab.traceHash(), native.traceHash, `${name}: the same facts, the same instants`);
  }
});

test("seeking back and forth shows the same state", () => {
  const lab = new Lab("crash-before-commit");
  lab.seek(6 * SECOND);
  const before = [lab.stateHash(), JSON.stringify(lab.snapshot(50)), JSON.stringify(lab.ledger())];
  lab.seek(lab.endUs);
  assert.notEqual(lab.stateHash(), before[0]);
  lab.seek(6 * SECOND);
  assert.deepEqual(
    [lab.stateHash(), JSON.stringify(lab.snapshot(50)), JSON.stringify(lab.ledger())],
    before,
  );
});

test("a command is carried out, and taken back by undo", () => {
  const lab = new Lab("too-many-consumers");
  lab.seek(4 * SECOND);
  const before = lab.stateHash();
  lab.command("crash c1");
  const states = ({ kafka, rabbitmq }) =>
    [kafka, rabbitmq].map((it) => it.consumers.find((one) => one.name === "c1").state);
  assert.deepEqual(states(lab.snapshot(10)), ["crashed", "crashed"]);
  const facts = lab.facts(4 * SECOND, 4 * SECOND).filter((it) => it.text === "c1 crashed");
  assert.deepEqual(facts.map((it) => it.system), ["kafka", "rabbitmq"]);
  assert.equal(lab.undo(), true);
  assert.equal(lab.stateHash(), before);
  assert.equal(lab.undo(), false);
});

test("the ledger adds up", () => {
  const lab = new Lab("retained-or-removed");
  lab.seek(lab.endUs);
  for (const { reader, outcome } of lab.ledger()) {
    const { sent, notYet, once, twice, more } = outcome;
    assert.equal(sent, notYet + once + twice + more, reader);
    assert.ok(sent > 0, reader);
  }
});

test("the picture is an SVG document", () => {
  const lab = new Lab("crash-before-commit");
  lab.seek(5 * SECOND);
  const light = lab.svg(1248, "light");
  assert.match(light, /^<svg[^]*<\/svg>\s*$/);
  assert.notEqual(light, lab.svg(1248, "dark"));
});

test("an object is a scenario too", () => {
  const lab = new Lab({
    title: "Two messages",
    question: "Do they arrive?",
    seed: 1,
    ends: "5s",
    workload: [
      {
        name: "orders",
        producer: "shop",
        messages: 2,
        every: "100ms",
        work: "10ms",
        topic: "orders",
        routing_key: "orders",
      },
    ],
    kafka: {
      settings: { "group.initial.rebalance.delay.ms": 0 },
      topic: [{ name: "orders", partitions: 1 }],
      group: [
        {
          name: "billing",
          topics: ["orders"],
          consumers: ["c1"],
          settings: { "auto.offset.reset": "earliest" },
        },
      ],
    },
    rabbitmq: {
      queue: [{ name: "orders" }],
      consumers: [{ queue: "orders", consumers: ["c1"] }],
    },
  });
  lab.seek(lab.endUs);
  const once = lab.ledger().map((it) => [it.reader, it.outcome.once]);
  assert.deepEqual(once, [["billing", 2], ["orders", 2]]);
});

test("nonsense is refused with one clear sentence, and changes nothing", () => {
  assert.throws(() => new Lab("crash-before-comit"), /nearest is 'crash-before-commit'/);
  assert.throws(() => new Lab({ title: "x", colour: "red" }), /colour/);
  assert.throws(() => new Lab(7), /scenario/);
  const lab = new Lab("crash-before-commit");
  const before = lab.stateHash();
  assert.throws(() => lab.command("crush c1"), /crash/);
  assert.throws(() => lab.command("crash c9"), /c9/);
  assert.throws(() => lab.seek(-1), /instant/);
  assert.throws(() => lab.seek(0.5), /instant/);
  assert.throws(() => lab.svg(1248, "sepia"), /light or dark/);
  assert.equal(lab.stateHash(), before);
});
