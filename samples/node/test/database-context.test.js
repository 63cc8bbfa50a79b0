import assert from 'node:assert/strict';
import { test } from 'node:test';

import { inTenant, signContext } from '../src/database-context.js';

const key = { keyId: 'backend-1', secret: Buffer.alloc(32, 7) };
const context = {
  tenant: '6f1c1f0e-0000-4000-8000-00000000000a',
  actor: 'user-42',
  correlationId: '0abc-def',
  purpose: 'treatment',
};

// A Prisma client that records: interactive transactions one at a time, as one pooled connection gives them.
function fakePrisma({ refuse = false } = {}) {
  const log = [];
  const transaction = {
    $queryRaw: async (strings, ...values) => {
      log.push({ text: strings.join('?'), values });
      if (refuse) throw Object.assign(new Error('context refused'), { code: '28000' });
      return [];
    },
  };
  return {
    log,
    transaction,
    $transaction: async (work, options) => {
      log.push({ begin: options });
      try {
        const result = await work(transaction);
        log.push('commit');
        return result;
      } catch (error) {
        log.push('rollback');
        throw error;
      }
    },
  };
}

test('the context is the first statement of the transaction, and a bind parameter', async () => {
  const prisma = fakePrisma();
  const result = await inTenant(prisma, key, context, async (transaction) => {
    assert.equal(transaction, prisma.transaction);
    prisma.log.push('work');
    return 5;
  });
  assert.equal(result, 5);
  assert.equal(prisma.log[1].text, 'SELECT app.begin_context(?)');
  assert.match(prisma.log[1].values[0], /^v1\|backend-1\|\d+\|6f1c1f0e-.*\|user-42\|0abc-def\|treatment\|[0-9a-f]{64}$/);
  assert.deepEqual(prisma.log.slice(2), ['work', 'commit']);
});

test('a refused context runs no work and rolls back', async () => {
  const prisma = fakePrisma({ refuse: true });
  await assert.rejects(inTenant(prisma, key, context, () => assert.fail('work without a context')), { code: '28000' });
  assert.equal(prisma.log.at(-1), 'rollback');
});

test('work that fails rolls back with its own error', async () => {
  const prisma = fakePrisma();
  await assert.rejects(inTenant(prisma, key, context, async () => { throw new Error('mine'); }), /mine/);
  assert.equal(prisma.log.at(-1), 'rollback');
});

test('no part can smuggle a separator or a name', () => {
  const bad = { actor: ['a|b', 'ann@example.org', 'Ann Example', '', undefined, 'x'.repeat(129)], correlationId: ['a|b', '', "';--"], purpose: [undefined, 'a b'], tenant: ['', undefined, '6F1C1F0E-0000-4000-8000-00000000000A', '6f1c1f0e|x'] };
  for (const [name, values] of Object.entries(bad)) {
    for (const value of values) assert.throws(() => signContext(key, { ...context, [name]: value }), TypeError, `${name} ${value}`);
  }
  assert.throws(() => signContext({ ...key, keyId: 'a|b' }, context), TypeError);
  for (const secret of [Buffer.alloc(31), Buffer.alloc(65), 'x'.repeat(32)]) {
    assert.throws(() => signContext({ ...key, secret }, context), TypeError);
  }
  for (const seconds of [0, 3601, 1.5]) assert.throws(() => signContext(key, context, { seconds }), RangeError);
});

test('every part is under the signature', () => {
  const at = { now: () => 1_800_000_000_000 };
  const mac = (token) => token.split('|').at(-1);
  const genuine = mac(signContext(key, context, at));
  for (const name of ['actor', 'correlationId', 'purpose']) {
    assert.notEqual(mac(signContext(key, { ...context, [name]: 'other' }, at)), genuine);
  }
  assert.notEqual(mac(signContext({ ...key, secret: Buffer.alloc(32, 8) }, context, at)), genuine);
  assert.notEqual(mac(signContext(key, context, { ...at, seconds: 301 })), genuine);
});
