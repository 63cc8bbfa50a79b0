import assert from 'node:assert/strict';
import { test } from 'node:test';

import { createPasswordCallback } from '../src/token-cache.js';

const MINUTE = 60_000;

function entra({ lifetime = 60 * MINUTE } = {}) {
  const state = { now: 0, asked: 0, failing: false, errors: [] };
  const getToken = async () => {
    state.asked += 1;
    await new Promise((resolve) => setImmediate(resolve));
    if (state.failing) throw new Error('Entra is away');
    return { token: `token-${state.asked}`, expiresOnTimestamp: state.now + lifetime };
  };
  const password = createPasswordCallback(getToken, { now: () => state.now, onError: (error) => state.errors.push(error) });
  return { state, password };
}

test('a hundred connections at once ask Entra once', async () => {
  const { state, password } = entra();
  const tokens = await Promise.all(Array.from({ length: 100 }, () => password()));
  assert.deepEqual(new Set(tokens), new Set(['token-1']));
  assert.equal(state.asked, 1);
});

test('a token is renewed five minutes before it ends, and used until then', async () => {
  const { state, password } = entra();
  await password();
  state.now = 55 * MINUTE - 1;
  assert.equal(await password(), 'token-1');
  state.now = 55 * MINUTE;
  assert.equal(await password(), 'token-2');
});

test('while Entra is away the old token serves as long as it is valid, without a storm of requests', async () => {
  const { state, password } = entra();
  await password();
  state.failing = true;
  state.now = 56 * MINUTE;
  for (let attempt = 0; attempt < 50; attempt += 1) assert.equal(await password(), 'token-1');
  assert.equal(state.asked, 2);
  assert.equal(state.errors.length, 1);
  state.now += 10_000;
  assert.equal(await password(), 'token-1');
  assert.equal(state.asked, 3);
  state.now = 60 * MINUTE;
  await assert.rejects(password(), /Entra is away/, 'an expired token is never handed out');
  state.failing = false;
  assert.match(await password(), /^token-/);
});

test('a first failure is an error, the next call asks again', async () => {
  const { state, password } = entra();
  state.failing = true;
  await assert.rejects(password(), /Entra is away/);
  state.failing = false;
  assert.equal(await password(), 'token-2');
});

test('an answer without a valid token is an error', async () => {
  for (const answer of [null, {}, { token: '' , expiresOnTimestamp: 5 }, { token: 'x', expiresOnTimestamp: 0 }, { token: 'x' }]) {
    await assert.rejects(createPasswordCallback(async () => answer, { now: () => 1 })(), /no valid token/);
  }
});

test('a long run never hands out an expired token', async () => {
  const { state, password } = entra({ lifetime: 7 * MINUTE });
  for (let second = 0; second < 3600; second += 1) {
    state.now = second * 1000;
    state.failing = second % 100 < 30;
    const token = await password().catch(() => null);
    if (token === null) assert.ok(state.failing);
  }
  assert.ok(state.asked < 120, `${state.asked} requests in an hour`);
});
