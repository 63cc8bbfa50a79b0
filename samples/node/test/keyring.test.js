import assert from 'node:assert/strict';
import { test } from 'node:test';

import { createKeyring } from '../src/keyring.js';
import { generator } from '../support/random.js';

const [OLD, NEW] = ['k1', 'k2'];
const secrets = { [OLD]: 'o'.repeat(64), [NEW]: 'n'.repeat(64) };
const ring = (current = NEW, keys = secrets) => JSON.stringify({ current, keys });
const PLACE = ['tenant-1', 'clients', 'notes', '42'];

test('what is encrypted decrypts, whatever it says, and never looks the same twice', () => {
  const keyring = createKeyring(ring());
  const random = generator();
  for (let round = 0; round < 200; round += 1) {
    const text = String.fromCodePoint(...Array.from({ length: random.below(40) }, () => random.between(1, 0xd7ff)));
    const [first, second] = [keyring.encrypt(text, PLACE), keyring.encrypt(text, PLACE)];
    assert.notEqual(first, second);
    assert.equal(keyring.decrypt(first, PLACE), text);
    assert.equal(keyring.decrypt(second, PLACE), text);
  }
});

test('an old key still decrypts after a rotation, and its values are known as stale', () => {
  const value = createKeyring(ring(OLD, { [OLD]: secrets[OLD] })).encrypt('x', PLACE);
  const rotated = createKeyring(ring());
  assert.equal(rotated.decrypt(value, PLACE), 'x');
  assert.equal(rotated.isStale(value), true);
  assert.equal(rotated.isStale(rotated.encrypt('x', PLACE)), false);
  assert.equal(rotated.current, NEW);
});

test('a key that was dropped is named, not guessed', () => {
  const value = createKeyring(ring(OLD)).encrypt('x', PLACE);
  assert.throws(() => createKeyring(ring(NEW, { [NEW]: secrets[NEW] })).decrypt(value, PLACE), /k1 is not in/);
});

test('every changed byte is noticed', () => {
  const keyring = createKeyring(ring());
  const value = keyring.encrypt('blood type 0', PLACE);
  for (let index = 0; index < value.length; index += 1) {
    const other = value[index] === 'A' ? 'B' : 'A';
    const changed = value.slice(0, index) + other + value.slice(index + 1);
    const same = Buffer.from(changed.split('.').at(-1), 'base64url').equals(Buffer.from(value.split('.').at(-1), 'base64url'));
    if (same && index > value.lastIndexOf('.')) continue; // spare bits of base64
    assert.throws(() => keyring.decrypt(changed, PLACE), `position ${index}`);
  }
});

test('a value does not decrypt in another place', () => {
  const keyring = createKeyring(ring());
  const value = keyring.encrypt('x', PLACE);
  for (const place of [['tenant-2', ...PLACE.slice(1)], [...PLACE.slice(0, 3), '43'], PLACE.slice(0, 3), ['tenant-1clients', 'notes', '42']]) {
    assert.throws(() => keyring.decrypt(value, place));
  }
});

test('a truncated tag or nonce is refused', () => {
  const keyring = createKeyring(ring());
  const [version, id, nonce, sealed] = keyring.encrypt('x', PLACE).split('.');
  const short = Buffer.from(sealed, 'base64url').subarray(0, 12).toString('base64url');
  for (const value of [[version, id, nonce, short], [version, id, nonce.slice(0, 8), sealed], [version, id, nonce], ['v2', id, nonce, sealed], [version, id, nonce, sealed, 'x']]) {
    assert.throws(() => keyring.decrypt(value.join('.'), PLACE), /not an encrypted value/);
  }
  assert.throws(() => keyring.decrypt(undefined, PLACE), /not an encrypted value/);
});

test('a keyring that is none is refused, and no message holds key material', () => {
  const bad = ['', 'not json', '[]', 'null', '{}', ring('k3'), ring('x', { x: 'k'.repeat(64) }), ring(NEW, { [NEW]: 'short-secret' }), JSON.stringify({ current: 'constructor', keys: {} })];
  for (const json of bad) {
    assert.throws(() => createKeyring(json), (error) => !/short-secret|k{64}/.test(error.message));
  }
});

test('an empty context is refused', () => {
  const keyring = createKeyring(ring());
  for (const context of [[], [''], 'tenant', undefined, [1]]) assert.throws(() => keyring.encrypt('x', context), TypeError);
});
