import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { test } from 'node:test';

import { createKeyLog, EVENT } from '../src/internal-key-log.js';
import { createKeyVerifier } from '../src/internal-keys.js';

const key = (letter) => letter.repeat(64);
const verify = createKeyVerifier(JSON.stringify({ frontend: [key('c'), key('p')], 'pro-next': [key('x')] }));
const inside = {};
const outside = { 'x-azure-fdid': '00000000-0000-4000-8000-0000000000fd' };

function log() {
  const events = [];
  const timers = [];
  const made = createKeyLog((event) => events.push(event), { schedule: (work, ms) => timers.push({ work, ms }) });
  const told = () => events.splice(0).map(({ name, attributes }) => (assert.equal(name, EVENT), attributes));
  return { ...made, told, timers, minute: () => timers.shift().work() };
}

test('the first use of each key is told at once, with who and which, and lets the call in', () => {
  const { used, told } = log();
  assert.equal(used(verify(key('c')), inside), true);
  assert.equal(used(verify(key('p')), inside), true);
  assert.equal(used(verify(key('x')), inside), true);
  assert.deepEqual(told(), [
    { consumer: 'frontend', key: 'current', via: 'internal', count: 1 },
    { consumer: 'frontend', key: 'previous', via: 'internal', count: 1 },
    { consumer: 'pro-next', key: 'current', via: 'internal', count: 1 },
  ]);
});

test('later uses are counted and told once a minute, none is lost', () => {
  const { used, told, timers, minute } = log();
  for (let use = 0; use < 100; use += 1) used(verify(key('c')), inside);
  assert.deepEqual(told().map((one) => one.count), [1]);
  assert.deepEqual(timers.map((timer) => timer.ms), [60_000]);
  minute();
  assert.deepEqual(told().map((one) => one.count), [99]);
  minute(); // nothing happened in this one
  assert.deepEqual(told(), []);
  assert.deepEqual(timers, []);
  used(verify(key('c')), inside);
  assert.deepEqual(told().map((one) => one.count), [1]);
});

test('what was counted is told before the process ends', () => {
  const { used, told, flush } = log();
  used(verify(key('p')), inside);
  used(verify(key('p')), inside);
  told();
  flush();
  assert.deepEqual(told(), [{ consumer: 'frontend', key: 'previous', via: 'internal', count: 1 }]);
});

test('a key that nobody has is refused and told without saying what was presented', () => {
  const { used, told } = log();
  const presented = 'guess'.repeat(12);
  assert.equal(used(verify(presented), inside), false);
  const events = told();
  assert.deepEqual(events, [{ consumer: '', key: 'unknown', via: 'internal', count: 1 }]);
  assert.equal(JSON.stringify(events).includes('guess'), false);
});

test('a good key from the internet is refused and told as such', () => {
  const { used, told } = log();
  assert.equal(used(verify(key('c')), outside), false);
  assert.deepEqual(told(), [{ consumer: 'frontend', key: 'current', via: 'edge', count: 1 }]);
});

test('however many guesses there are, the log does not grow with them', () => {
  const { used, told, minute } = log();
  for (let guess = 0; guess < 10_000; guess += 1) used(verify(`guess ${guess}`), outside);
  minute();
  assert.deepEqual(told().map((one) => one.count), [1, 9_999]);
});

test('no event holds a key, nor a part of one', () => {
  const { used, told, flush } = log();
  for (const presented of [key('c'), key('p'), key('x'), key('z')]) for (const headers of [inside, outside]) used(verify(presented), headers);
  flush();
  const text = JSON.stringify(told());
  for (const letter of 'cpxz') assert.equal(text.includes(letter.repeat(8)), false);
});

test('the clock tells what was counted, and keeps no process alive', async () => {
  const events = [];
  const { used } = createKeyLog((event) => events.push(event), { everyMs: 5 });
  used(verify(key('c')), inside);
  used(verify(key('c')), inside);
  await new Promise((resolve) => setTimeout(resolve, 60));
  assert.deepEqual(events.map((event) => event.attributes.count), [1, 1]);
  const script = "import { createKeyLog } from './src/internal-key-log.js'; createKeyLog(() => {}).used(null, {});";
  const done = spawnSync(process.execPath, ['--input-type=module', '-e', script], { timeout: 10_000 });
  assert.equal(done.status, 0, String(done.stderr));
});
