import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import { test } from 'node:test';

import { createRateLimiter, limitKey, withIoredis, withNodeRedis } from '../src/rate-limit.js';

const limits = JSON.parse(await readFile(new URL('../limits.json', import.meta.url), 'utf8'));
const failing = (error) => ({ evaluate: () => Promise.reject(error), limits });

test('an answer within the limit carries the headers, one over it 429 and Retry-After', async () => {
  const replies = [[1, 4, 899_001], [0, 0, 12_001]];
  const limiter = createRateLimiter({ evaluate: async () => replies.shift(), limits, onError: assert.fail });
  const yes = await limiter.consume('login-account', 'a@example.org');
  assert.deepEqual(yes.headers, {
    'RateLimit-Policy': '5;w=900',
    'RateLimit-Limit': '5',
    'RateLimit-Remaining': '4',
    'RateLimit-Reset': '900',
  });
  assert.equal(yes.status, 200);
  const no = await limiter.consume('login-account', 'a@example.org');
  assert.equal(no.status, 429);
  assert.equal(no.headers['Retry-After'], '13', 'rounded up: waiting that long is always enough');
  assert.equal(no.headers['RateLimit-Remaining'], '0');
});

for (const [name, limit] of Object.entries(limits)) {
  test(`${name}: what happens without Redis is what limits.json says, and it is told`, async () => {
    const events = [];
    const limiter = createRateLimiter({ ...failing(new Error('gone')), onError: (event) => events.push(event) });
    const answer = await limiter.consume(name, 'someone');
    assert.equal(answer.allowed, limit.whenRedisIsDown === 'allow');
    assert.equal(answer.status, limit.whenRedisIsDown === 'allow' ? 200 : 503);
    assert.equal('RateLimit-Remaining' in answer.headers, false);
    await answer.release();
    assert.deepEqual(events.map(({ limit: which, decision }) => [which, decision]), [[name, limit.whenRedisIsDown]]);
  });
}

test('a Redis that hangs is a Redis that is down', async () => {
  const events = [];
  const evaluate = () => new Promise(() => {});
  const limiter = createRateLimiter({ evaluate, limits, onError: (event) => events.push(event), timeoutMs: 20 });
  assert.equal((await limiter.consume('login-account', 'x')).status, 503);
  assert.equal((await limiter.consume('api-user', 'x')).status, 200);
  assert.match(events[0].error.message, /no answer in 20 ms/);
});

test('a try that cannot be given back stays counted and is told', async () => {
  const events = [];
  let calls = 0;
  const evaluate = async () => {
    calls += 1;
    if (calls > 1) throw new Error('gone');
    return [1, 4, 1000];
  };
  const limiter = createRateLimiter({ evaluate, limits, onError: (event) => events.push(event) });
  await (await limiter.consume('login-account', 'x')).release();
  assert.equal(events[0].decision, 'keep');
});

test('a key holds no e-mail address, is one per person however written, and stays in one slot', () => {
  const key = limitKey('login-account', 'account', ' Ann@Example.org ');
  assert.equal(key, limitKey('login-account', 'account', 'ann@example.org'));
  assert.doesNotMatch(key, /ann|example/i);
  assert.match(key, /^rl:\{account:[0-9a-f]{64}\}:login-account$/);
  assert.equal(limitKey('api-user', 'user', '42'), 'rl:{user:42}:api-user');
});

test('a missing or strange subject is an error, never a shared count', () => {
  for (const subject of [undefined, null, '', 5, {}]) assert.throws(() => limitKey('api-user', 'user', subject), TypeError);
  for (const subject of ['a b', 'x'.repeat(257), 'a\n']) assert.throws(() => limitKey('api-user', 'user', subject), TypeError);
});

test('an unknown limit is an error, also one that every object has', async () => {
  const limiter = createRateLimiter({ ...failing(new Error()), onError: assert.fail });
  await assert.rejects(limiter.consume('typo', 'x'), /no limit typo/);
  await assert.rejects(limiter.consume('constructor', 'x'), /no limit/);
});

test('both common clients are called as they want it', async () => {
  const calls = [];
  const client = { eval: async (...args) => calls.push(args) };
  await withNodeRedis(client)('S', 'k', ['1', '2']);
  await withIoredis(client)('S', 'k', ['1', '2']);
  assert.deepEqual(calls, [
    ['S', { keys: ['k'], arguments: ['1', '2'] }],
    ['S', 1, 'k', '1', '2'],
  ]);
});
