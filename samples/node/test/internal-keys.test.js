import assert from 'node:assert/strict';
import crypto from 'node:crypto';
import { syncBuiltinESMExports } from 'node:module';
import { test } from 'node:test';

import { createKeyVerifier } from '../src/internal-keys.js';

const key = (letter) => letter.repeat(64);
const verify = createKeyVerifier(JSON.stringify({ frontend: [key('c'), key('p')], 'pro-next': [key('x')] }));

test('current and previous keys name their consumer and their age', () => {
  assert.deepEqual(verify(key('c')), { consumer: 'frontend', generation: 'current' });
  assert.deepEqual(verify(key('p')), { consumer: 'frontend', generation: 'previous' });
  assert.deepEqual(verify(key('x')), { consumer: 'pro-next', generation: 'current' });
});

test('anything else is nobody', () => {
  const near = [key('c').slice(1), `${key('c')}c`, key('C'), ` ${key('c')}`, key('c').slice(0, -1) + 'd'];
  for (const presented of [...near, '', undefined, null, 5, [key('c')], { toString: () => key('c') }, 'c'.repeat(513)]) {
    assert.equal(verify(presented), null, String(presented));
  }
});

test('after a rotation the old key is the previous one, after the next it is nobody', () => {
  const rotated = createKeyVerifier(JSON.stringify({ frontend: [key('n'), key('c')] }));
  assert.equal(rotated(key('c')).generation, 'previous');
  assert.equal(rotated(key('p')), null);
});

test('every key is compared in constant time, whatever is presented and whatever matched before', (context) => {
  const compare = context.mock.method(crypto, 'timingSafeEqual');
  syncBuiltinESMExports();
  try {
    for (const presented of [key('c'), key('x'), key('c').slice(0, -1) + 'd', key('z'), 'z']) {
      compare.mock.resetCalls();
      verify(presented);
      assert.equal(compare.mock.callCount(), 3);
      for (const call of compare.mock.calls) assert.deepEqual(call.arguments.map((side) => side.length), [32, 32]);
    }
  } finally {
    context.mock.restoreAll();
    syncBuiltinESMExports();
  }
});

test('a list that is none is refused without showing a key', () => {
  const bad = ['', '{', '{}', 'null', '[]', '{"a":[]}', '{"a":"k"}', JSON.stringify({ a: ['short-key'] }), JSON.stringify({ a: [key('1'), key('2'), key('3')] }), '{"a":[null]}'];
  for (const json of bad) assert.throws(() => createKeyVerifier(json), (error) => !/short-key|111/.test(error.message), json);
});
