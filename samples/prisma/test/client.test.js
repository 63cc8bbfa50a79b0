// Run by tests/database/test_prisma.py, which starts server and pooler and says where they are.
import assert from 'node:assert/strict';
import { after, test } from 'node:test';

import { contextKeys, inTenant } from '../../node/src/database-context.js';
import { createPrisma } from '../src/prisma.js';

const { DATABASE_URL, TENANT_A, TENANT_B, PREPARE } = process.env;
const prisma = createPrisma(DATABASE_URL, '', { ssl: false, max: 4, prepare: PREPARE === '1' });
const keys = contextKeys();
const context = (tenant) => ({ tenant, actor: 'staff-7', correlationId: 'req-1', purpose: 'treatment' });
const within = (tenant, work) => inTenant(prisma, keys, context(tenant), work);

after(() => prisma.$disconnect());

test('each tenant sees its own patients, many at once', async () => {
  const tenants = Array.from({ length: 40 }, (_, n) => (n % 2 ? TENANT_A : TENANT_B));
  const found = await Promise.all(tenants.map((tenant) => within(tenant, (tx) => tx.patient.findMany())));
  found.forEach((patients, n) => {
    assert.equal(patients.length, 2);
    assert.ok(patients.every((patient) => patient.tenant_id === tenants[n]));
  });
});

test('rows are added, changed and put in place', async () => {
  const [patient] = await within(TENANT_A, (tx) => tx.patient.findMany({ take: 1 }));
  const made = await within(TENANT_A, (tx) =>
    tx.consent.create({ data: { tenant_id: TENANT_A, patient_id: patient.id, purpose: 'research', granted: true } }),
  );
  const put = await within(TENANT_A, (tx) =>
    tx.consent.upsert({
      where: { id: made.id },
      create: { tenant_id: TENANT_A, patient_id: patient.id, purpose: 'research', granted: true },
      update: { granted: false },
    }),
  );
  assert.equal(put.granted, false);
  const many = await within(TENANT_A, (tx) => tx.patient.updateMany({ data: { preferred_language: 'de' } }));
  assert.equal(many.count, 2);
});

test('a row for another tenant is refused, and without a context there is none', async () => {
  await assert.rejects(
    within(TENANT_A, (tx) => tx.patient.create({ data: { id: crypto.randomUUID(), tenant_id: TENANT_B } })),
    /row-level security/,
  );
  assert.deepEqual(await prisma.patient.findMany(), []);
});

test('a statement prepared by SQL stops the next context on that connection', async () => {
  const one = createPrisma(DATABASE_URL, '', { ssl: false, max: 1, prepare: false });
  await inTenant(one, keys, context(TENANT_A), (tx) => tx.$executeRawUnsafe('PREPARE planted AS SELECT 1'));
  const outcomes = await Promise.allSettled(
    Array.from({ length: 12 }, () => within(TENANT_B, (tx) => tx.patient.findMany())).concat(
      inTenant(one, keys, context(TENANT_B), (tx) => tx.patient.findMany()),
    ),
  );
  const refused = outcomes.filter((outcome) => outcome.status === 'rejected');
  assert.ok(refused.length >= 1);
  assert.ok(refused.every((outcome) => /the session carries a statement prepared by SQL/.test(outcome.reason.message)));
  await one.$disconnect();
});

test('statements are prepared where they are named', { skip: PREPARE !== '1' }, async () => {
  const [{ count }] = await within(TENANT_A, async (tx) => {
    await tx.patient.findMany();
    return tx.$queryRaw`SELECT count(*)::int AS count FROM pg_prepared_statements WHERE NOT from_sql`;
  });
  assert.ok(count >= 2, String(count));
});
