import assert from 'node:assert/strict';
import { createHmac } from 'node:crypto';
import { test } from 'node:test';

import { createTokens } from '../src/jwt.js';

const [FIRST, SECOND, THIRD] = ['1', '2', '3'].map((digit) => digit.repeat(64));
let time = 1_800_000_000;
const tokens = (current, previous, more = {}) =>
  createTokens({ current, previous, issuer: 'backend', audience: 'medspasync', now: () => time, ...more });
const encode = (value) => Buffer.from(JSON.stringify(value)).toString('base64url');
const forge = (header, payload, secret, hash = 'sha256') => {
  const signed = `${encode(header)}.${encode(payload)}`;
  return `${signed}.${createHmac(hash, secret).update(signed).digest('base64url')}`;
};
const claims = (more = {}) => ({ sub: 'u', iss: 'backend', aud: 'medspasync', iat: time, exp: time + 60, ...more });
const HS256 = { alg: 'HS256', typ: 'JWT' };

test('a rotation signs nobody out: the previous secret verifies, the one before does not', () => {
  const old = tokens(FIRST).sign({ sub: 'u' });
  const rotated = tokens(SECOND, FIRST);
  assert.equal(rotated.verify(old).sub, 'u');
  assert.equal(tokens(SECOND).verify(rotated.sign({ sub: 'u' })).sub, 'u', 'new tokens are signed by the current one');
  assert.equal(tokens(FIRST).verify(rotated.sign({})), null);
  assert.equal(tokens(THIRD, SECOND).verify(old), null);
  assert.equal(tokens(SECOND, '').verify(old), null);
});

test('a token ends, to the second', () => {
  const issued = tokens(FIRST).sign({ sub: 'u' }, 60);
  const start = time;
  time = start + 59;
  assert.notEqual(tokens(FIRST).verify(issued), null);
  time = start + 60;
  assert.equal(tokens(FIRST).verify(issued), null);
  time = start;
});

test('no other algorithm, whoever asks for it', () => {
  const good = claims();
  assert.notEqual(tokens(FIRST).verify(forge(HS256, good, FIRST)), null);
  for (const header of [{ alg: 'none' }, { alg: 'None', typ: 'JWT' }, { alg: 'HS512', typ: 'JWT' }, { alg: 'RS256', typ: 'JWT' }, { typ: 'JWT' }, { ...HS256, crit: ['b64'] }, ['HS256']]) {
    assert.equal(tokens(FIRST).verify(forge(header, good, FIRST)), null, JSON.stringify(header));
    assert.equal(tokens(FIRST).verify(`${encode(header)}.${encode(good)}.`), null);
  }
  assert.equal(tokens(FIRST).verify(forge({ alg: 'HS512', typ: 'JWT' }, good, FIRST, 'sha512')), null);
});

test('claims that do not belong here are refused, whatever the signature', () => {
  const wrong = [
    { iss: 'other' }, { aud: 'other' }, { aud: ['medspasync', 'other'] }, { exp: undefined }, { iat: undefined },
    { exp: String(time + 60) }, { exp: time + 7200 }, { iat: time + 120, exp: time + 180 }, { exp: time - 1 },
  ];
  for (const more of wrong) assert.equal(tokens(FIRST).verify(forge(HS256, claims(more), FIRST)), null, JSON.stringify(more));
  for (const payload of [null, 'text', [claims()], 5]) assert.equal(tokens(FIRST).verify(forge(HS256, payload, FIRST)), null);
});

test('every changed character is noticed', () => {
  const good = tokens(FIRST).sign({ sub: 'u', role: 'staff' });
  for (let index = 0; index < good.length - 1; index += 1) { // the last one has spare bits
    const changed = good.slice(0, index) + (good[index] === 'A' ? 'B' : 'A') + good.slice(index + 1);
    assert.equal(tokens(FIRST).verify(changed), null, `position ${index}`);
  }
});

test('what is no token is refused quietly', () => {
  for (const token of [undefined, null, '', 'a', 'a.b', 'a.b.c.d', '..', 'ä.b.c', `${'a'.repeat(5000)}.b.c`, {}, ['a.b.c']]) {
    assert.equal(tokens(FIRST).verify(token), null);
  }
});

test('a caller cannot set what the issuer sets, or sign for a day', () => {
  const verified = tokens(FIRST).verify(tokens(FIRST).sign({ sub: 'u', exp: time + 10 ** 9, iss: 'other' }, 60));
  assert.equal(verified.exp, time + 60);
  assert.equal(verified.iss, 'backend');
  for (const seconds of [0, -1, 3601, NaN]) assert.throws(() => tokens(FIRST).sign({}, seconds), RangeError);
});

test('a short or missing secret stops the app', () => {
  for (const pair of [[''], [undefined], ['short'], [FIRST, 'short']]) assert.throws(() => tokens(...pair));
});

test("the system's clock is the default", () => {
  const own = createTokens({ current: FIRST, issuer: 'i', audience: 'a' });
  assert.ok(Math.abs(own.verify(own.sign({})).iat - Date.now() / 1000) < 5);
});
