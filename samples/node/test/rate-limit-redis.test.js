// The limits on a real Redis: REDIS_SOCKET is the path of its Unix socket. Without one these tests are skipped.
import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';

import { consumeScript, createRateLimiter, limitKey } from '../src/rate-limit.js';
import { generator, SEED } from '../support/random.js';
import { connect } from '../support/resp.js';

const socket = process.env.REDIS_SOCKET;
const skip = socket ? false : 'REDIS_SOCKET is not set';
// The clock that a test holds in its hand, as the fourth argument.
const HAND_CLOCK = `local now = tonumber(ARGV[4])`;
const never = (event) => assert.fail(`Redis failed: ${event.error}`);
const one = (limit, seconds) => ({ try: { subject: 'user', limit, seconds, whenRedisIsDown: 'refuse' } });

describe('rate limit on Redis', { skip }, () => {
  let redis;
  let subjects = 0;
  const subject = () => `subject-${process.pid}-${(subjects += 1)}`;
  before(async () => {
    redis = await connect(socket);
  });
  after(() => redis?.close());

  function byHand(limits) {
    let now = 1_000_000;
    const evaluate = (script, key, args) => redis.evaluate(script, key, [...args, String(now)]);
    const limiter = createRateLimiter({ evaluate, limits, onError: never, timeoutMs: 5000, script: consumeScript(HAND_CLOCK) });
    return { limiter, at: (milliseconds) => (now = 1_000_000 + milliseconds), now: () => now };
  }

  test('the edge of the window is exact to the millisecond', async () => {
    const { limiter, at } = byHand(one(2, 60));
    const user = subject();
    const allowed = async (milliseconds) => {
      at(milliseconds);
      return (await limiter.consume('try', user)).allowed;
    };
    assert.equal(await allowed(0), true);
    assert.equal(await allowed(10), true);
    assert.equal(await allowed(59_999), false);
    assert.equal(await allowed(60_000), true, 'the first has just left the window');
    assert.equal(await allowed(60_009), false);
    assert.equal(await allowed(60_010), true);
    assert.equal(await allowed(60_011), false);
  });

  test('no burst over the limit around the edge of a fixed minute', async () => {
    const { limiter, at } = byHand(one(10, 60));
    const user = subject();
    let passed = 0;
    for (let index = 0; index < 40; index += 1) {
      at(59_990 + index);
      if ((await limiter.consume('try', user)).allowed) passed += 1;
    }
    assert.equal(passed, 10);
  });

  test(`any traffic: never more than the limit in any window, and never refused below it (seed ${SEED})`, async () => {
    const random = generator();
    for (let round = 0; round < 40; round += 1) {
      const limit = random.between(1, 6);
      const seconds = random.between(60, 120);
      const { limiter, at, now } = byHand(one(limit, seconds));
      const user = subject();
      const passed = [];
      let time = 0;
      for (let step = 0; step < 60; step += 1) {
        // Often on the edge itself, or one beside it.
        const edge = passed.length > 0 ? passed[random.below(passed.length)] + seconds * 1000 + random.between(-1, 1) : 0;
        time = Math.max(time, random.below(3) === 0 ? edge - 1_000_000 : time + random.below((seconds * 1000) / limit));
        at(time);
        const recent = passed.filter((moment) => moment > now() - seconds * 1000);
        const answer = await limiter.consume('try', user);
        assert.equal(answer.allowed, recent.length < limit, `round ${round}, step ${step}`);
        if (answer.allowed) passed.push(now());
        const inside = passed.filter((moment) => moment > now() - seconds * 1000);
        assert.ok(inside.length <= limit);
        assert.equal(answer.remaining, limit - inside.length);
        const reset = Math.ceil((Math.min(...inside) + seconds * 1000 - now()) / 1000);
        assert.equal(answer.headers['RateLimit-Reset'], String(Math.max(1, reset)));
        if (!answer.allowed) {
          at(time + Number(answer.headers['Retry-After']) * 1000);
          const later = await limiter.consume('try', user);
          assert.equal(later.allowed, true, 'who waits for Retry-After is let in');
          passed.push(now());
          time = now() - 1_000_000;
        }
      }
    }
  });

  test('many connections at once let through exactly the limit', async () => {
    const clients = await Promise.all(Array.from({ length: 8 }, () => connect(socket)));
    try {
      const limiters = clients.map(({ evaluate }) =>
        createRateLimiter({ evaluate, limits: one(25, 60), onError: never, timeoutMs: 10_000 }),
      );
      const user = subject();
      const answers = await Promise.all(
        Array.from({ length: 200 }, (_, index) => limiters[index % limiters.length].consume('try', user)),
      );
      assert.equal(answers.filter((answer) => answer.allowed).length, 25);
      assert.deepEqual(
        answers.filter((answer) => answer.allowed).map((answer) => answer.remaining).sort((a, b) => a - b),
        Array.from({ length: 25 }, (_, index) => index),
      );
    } finally {
      clients.forEach((client) => client.close());
    }
  });

  test('parallel guesses of a password get no more tries than the limit, a success gives its try back', async () => {
    const limiter = createRateLimiter({ evaluate: redis.evaluate, limits: one(5, 900), onError: never, timeoutMs: 5000 });
    const account = subject();
    const first = await limiter.consume('try', account);
    await first.release();
    const guesses = await Promise.all(Array.from({ length: 30 }, () => limiter.consume('try', account)));
    assert.equal(guesses.filter((guess) => guess.allowed).length, 5);
    const refused = guesses.find((guess) => !guess.allowed);
    await refused.release();
    assert.equal((await limiter.consume('try', account)).allowed, false, 'a refused try has nothing to give back');
  });

  test("on the server's own clock a window ends, and its key with it", async () => {
    const limiter = createRateLimiter({ evaluate: redis.evaluate, limits: one(1, 1), onError: never, timeoutMs: 5000 });
    const user = subject();
    const key = limitKey('try', 'user', user);
    assert.equal((await limiter.consume('try', user)).allowed, true);
    assert.equal((await limiter.consume('try', user)).allowed, false);
    const left = await redis.send('PTTL', key);
    assert.ok(left > 0 && left <= 1000, `the key lives ${left} ms`);
    await new Promise((resolve) => setTimeout(resolve, 1050));
    assert.equal(await redis.send('EXISTS', key), 0);
    assert.equal((await limiter.consume('try', user)).allowed, true);
  });

  test('users, limits and kinds of subject do not share a count', async () => {
    const limits = { a: { ...one(1, 60).try }, b: { ...one(1, 60).try }, c: { ...one(1, 60).try, subject: 'account' } };
    const limiter = createRateLimiter({ evaluate: redis.evaluate, limits, onError: never, timeoutMs: 5000 });
    const [x, y] = [subject(), subject()];
    for (const [name, who] of [['a', x], ['a', y], ['b', x], ['c', x]]) {
      assert.equal((await limiter.consume(name, who)).allowed, true, `${name} ${who}`);
    }
    assert.equal((await limiter.consume('a', x)).allowed, false);
  });
});
