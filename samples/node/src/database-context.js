// Who asks, for which tenant: a signed context at the start of every transaction. docs/contracts/database.md.
// The same token as database/context.py makes; app.begin_context() checks it and sets it for this transaction only.
import { createHmac } from 'node:crypto';

const IDENTIFIER = /^[A-Za-z0-9._:-]{1,128}$/;
const TENANT = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/;

/** @param {{keyId: string, secret: Buffer}} key the app's context key, 32 to 64 bytes */
export function signContext(key, { tenant, actor, correlationId, purpose }, { seconds = 300, now = Date.now } = {}) {
  for (const [name, value] of Object.entries({ keyId: key.keyId, actor, correlationId, purpose })) {
    if (!IDENTIFIER.test(value ?? '')) throw new TypeError(`${name} must be 1 to 128 of A-Z a-z 0-9 . _ : -`);
  }
  if (!TENANT.test(tenant ?? '')) throw new TypeError('tenant must be a UUID in lower case');
  if (!(Buffer.isBuffer(key.secret) && key.secret.length >= 32 && key.secret.length <= 64)) {
    throw new TypeError('a context key has 32 to 64 bytes');
  }
  if (!(Number.isInteger(seconds) && seconds > 0 && seconds <= 3600)) {
    throw new RangeError('a context lives 1 to 3600 seconds');
  }
  const expires = Math.floor(now() / 1000) + seconds;
  const payload = ['v1', key.keyId, expires, tenant, actor, correlationId, purpose].join('|');
  return `${payload}|${createHmac('sha256', key.secret).update(payload).digest('hex')}`;
}

/**
 * Run `work` in a transaction whose first statement is the context. Through PgBouncer in transaction mode the next
 * transaction may be anybody's: nothing outside this function may touch a tenant's data.
 *
 * @param {object} prisma a PrismaClient; `work` gets its interactive transaction, and must use nothing else
 */
export async function inTenant(prisma, key, context, work, options = { maxWait: 2000, timeout: 10000 }) {
  const token = signContext(key, context);
  return prisma.$transaction(async (transaction) => {
    // Tagged template: the token is a bind parameter, never part of the text.
    await transaction.$queryRaw`SELECT app.begin_context(${token})`;
    return work(transaction);
  }, options);
}
