import assert from 'node:assert/strict';
import { test } from 'node:test';

import { contextKeys, inTenant, signContext } from '../src/database-context.js';
import { databasePasswords } from '../src/database-password.js';
import { createOverlap } from '../src/overlap.js';

const key = { keyId: 'backend-1', secret: Buffer.alloc(32, 7) };
const previous = { keyId: 'backend-0', secret: Buffer.alloc(32, 9) };
const keys = createOverlap(key, previous);
const context = {
  tenant: '6f1c1f0e-0000-4000-8000-00000000000a',
  actor: 'user-42',
  correlationId: '0abc-def',
  purpose: 'treatment',
};

// A Prisma client that records: interactive transactions one at a time, as one pooled connection gives them.
// What it refuses: the context of these key ids, or a sign-in with any password but the one it knows.
function fakePrisma({ refuse = () => false, failure = { code: '28000' }, signIn = () => true } = {}) {
  const log = [];
  const transaction = {
    $queryRaw: async (strings, ...values) => {
      log.push({ text: strings.join('?'), values });
      if (refuse(values[0].split('|')[1])) throw Object.assign(new Error('context refused'), failure);
      return [];
    },
  };
  return {
    log,
    transaction,
    $transaction: async (work, options) => {
      if (!signIn()) throw Object.assign(new Error('password authentication failed'), { code: '28P01' });
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
  const result = await inTenant(prisma, keys, context, async (transaction) => {
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
  const prisma = fakePrisma({ refuse: () => true });
  await assert.rejects(inTenant(prisma, createOverlap(key), context, () => assert.fail('work without a context')), { code: '28000' });
  assert.equal(prisma.log.at(-1), 'rollback');
});

test('work that fails rolls back with its own error', async () => {
  const prisma = fakePrisma();
  await assert.rejects(inTenant(prisma, createOverlap(key), context, async () => { throw new Error('mine'); }), /mine/);
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

// A rotation: whoever is first, app or database, nobody is locked out.

const signedWith = (prisma) => prisma.log.filter((entry) => entry.values).map((entry) => entry.values[0].split('|')[1]);

for (const [what, failure] of Object.entries({
  'node-postgres': { code: '28000' },
  'Prisma with a driver adapter': { code: 'P2010', meta: { driverAdapterError: { cause: { originalCode: '28000' } } } },
  'Prisma, raw query': { code: 'P2010', meta: { code: '28000' } },
})) {
  test(`a key that the database does not know yet: the previous one is taken, and kept (${what})`, async () => {
    const prisma = fakePrisma({ refuse: (id) => id === key.keyId, failure });
    const both = createOverlap(key, previous);
    for (let times = 0; times < 3; times++) assert.equal(await inTenant(prisma, both, context, async () => times), times);
    assert.deepEqual(signedWith(prisma), ['backend-1', 'backend-0', 'backend-0', 'backend-0']);
  });
}

test('a previous key that the database knows no more: back to the current one', async () => {
  let known = previous.keyId;
  const prisma = fakePrisma({ refuse: (id) => id !== known });
  const both = createOverlap(key, previous);
  await inTenant(prisma, both, context, async () => {});
  known = key.keyId;
  await inTenant(prisma, both, context, async () => {});
  assert.deepEqual(signedWith(prisma), ['backend-1', 'backend-0', 'backend-0', 'backend-1']);
});

test('with both refused, or only one, the error is the callers', async () => {
  for (const [both, tried] of [[createOverlap(key, previous), 3], [createOverlap(key), 1]]) {
    const prisma = fakePrisma({ refuse: () => true });
    await assert.rejects(inTenant(prisma, both, context, () => assert.fail('work without a context')), { code: '28000' });
    assert.equal(signedWith(prisma).length, tried);
  }
});

test('what work itself is refused is not tried again', async () => {
  const prisma = fakePrisma();
  let runs = 0;
  const work = async () => {
    runs++;
    throw Object.assign(new Error('not mine'), { code: '28000' });
  };
  await assert.rejects(inTenant(prisma, createOverlap(key, previous), context, work), { code: '28000' });
  assert.equal(runs, 1);
});

test('many refusals at once turn to the other key once', async () => {
  const prisma = fakePrisma({ refuse: (id) => id === key.keyId });
  const both = createOverlap(key, previous);
  await Promise.all(Array.from({ length: 10 }, () => inTenant(prisma, both, context, async () => {})));
  assert.equal(both.value, previous);
});

test('the keys are read from the environment as the platform writes them', () => {
  const text = (id, byte) => JSON.stringify({ keyId: id, secret: Buffer.alloc(32, byte).toString('hex') });
  const environment = { DATABASE_CONTEXT_KEY: text('backend-2027-01-20', 1), DATABASE_CONTEXT_KEY_PREVIOUS: text('backend-2026-11-01', 2) };
  const both = contextKeys(environment);
  assert.deepEqual(both.value, { keyId: 'backend-2027-01-20', secret: Buffer.alloc(32, 1) });
  assert.equal(both.refused(both.value), true);
  assert.deepEqual(both.value, { keyId: 'backend-2026-11-01', secret: Buffer.alloc(32, 2) });
  const first = contextKeys({ DATABASE_CONTEXT_KEY: environment.DATABASE_CONTEXT_KEY });
  assert.equal(first.refused(first.value), false);
});

test('a malformed key is told by its variable and never shown', () => {
  const bad = [undefined, '', '{}', '[]', 'null', '@Microsoft.KeyVault(SecretUri=x)', JSON.stringify({ keyId: 'a|b', secret: 'ab'.repeat(32) }), JSON.stringify({ keyId: 'a', secret: 'ab'.repeat(31) }), JSON.stringify({ keyId: 'a', secret: 'zz'.repeat(32) })];
  for (const value of bad) {
    const told = (error) => error.message.startsWith('DATABASE_CONTEXT_KEY') && !/abab|zzzz/.test(error.message);
    assert.throws(() => contextKeys({ DATABASE_CONTEXT_KEY: value }), told);
  }
});

// Sign-in by password.

const passwordEnvironment = { DATABASE_URL: 'postgresql://medspasync_backend:n%40w%2F@host:6432/app?sslmode=verify-full', DATABASE_PASSWORD_PREVIOUS: 'old' };

test('a password that the database does not have yet, and later has: no request fails', async () => {
  const passwords = databasePasswords(passwordEnvironment);
  let known = 'old';
  const prisma = fakePrisma({ signIn: () => passwords.value === known });
  const ask = () => inTenant(prisma, createOverlap(key), context, async () => 'served', { passwords });
  for (let times = 0; times < 3; times++) assert.equal(await ask(), 'served');
  known = 'n@w/';
  for (let times = 0; times < 3; times++) assert.equal(await ask(), 'served');
  known = 'neither';
  await assert.rejects(ask(), { code: '28P01' });
});

test('a URL without a password, or none at all, is told', () => {
  assert.throws(() => databasePasswords({ DATABASE_URL: 'postgresql://medspasync_backend@host/app' }), /has no password/);
  assert.throws(() => databasePasswords({}), /DATABASE_URL is missing/);
  const alone = databasePasswords({ DATABASE_URL: passwordEnvironment.DATABASE_URL });
  assert.equal(alone.value, 'n@w/');
  assert.equal(alone.refused(alone.value), false);
});
