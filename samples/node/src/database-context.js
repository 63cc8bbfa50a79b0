// Who asks, for which tenant: a signed context at the start of every transaction. docs/contracts/database.md.
// The same token as database/context.py makes; app.begin_context() checks it and sets it for this transaction only.
import { createHmac } from 'node:crypto';

import { createOverlap } from './overlap.js';

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
 * The app's context keys, from DATABASE_CONTEXT_KEY and DATABASE_CONTEXT_KEY_PREVIOUS: JSON, {"keyId", "secret"} with the
 * secret in hex. Throws with the variable's name, never its value.
 */
export function contextKeys(environment = process.env) {
  const parse = (name) => {
    let keyId, secret;
    try {
      ({ keyId, secret } = JSON.parse(environment[name]));
    } catch {
      throw new Error(`${name} is missing or no JSON`);
    }
    if (!/^[A-Za-z0-9_-]{1,64}$/.test(keyId ?? '') || !/^([0-9a-f]{2}){32,64}$/.test(secret ?? '')) {
      throw new Error(`${name} needs "keyId" and "secret", 32 to 64 bytes in hex`);
    }
    return { keyId, secret: Buffer.from(secret, 'hex') };
  };
  const previous = environment.DATABASE_CONTEXT_KEY_PREVIOUS ? parse('DATABASE_CONTEXT_KEY_PREVIOUS') : undefined;
  return createOverlap(parse('DATABASE_CONTEXT_KEY'), previous);
}

/** SQLSTATE of a server's error, wherever Prisma or node-postgres put it. */
const sqlState = (error) =>
  error?.meta?.driverAdapterError?.cause?.originalCode ?? error?.meta?.code ?? error?.cause?.originalCode ?? error?.code;

/**
 * Run `work` in a transaction whose first statement is the context. Through PgBouncer in transaction mode the next
 * transaction may be anybody's: nothing outside this function may touch a tenant's data.
 *
 * After a rotation the app may know a key or password before the database does, or after it knew it: when the context
 * (28000) or the sign-in (28P01) is refused, nothing was done yet, and the other value gets its try; a third refusal,
 * one for the password and one for the key being allowed, is the caller's.
 *
 * @param {object} prisma a PrismaClient; `work` gets its interactive transaction, and must use nothing else
 * @param {object} keys what `contextKeys()` gives
 * @param {object} [passwords] what `databasePasswords()` gives, where the app signs in by password
 */
export async function inTenant(prisma, keys, context, work, { passwords, options = { maxWait: 2000, timeout: 10000 } } = {}) {
  for (let attempt = 1; ; attempt++) {
    const key = keys.value;
    const password = passwords?.value;
    let began = false;
    try {
      return await prisma.$transaction(async (transaction) => {
        // Tagged template: the token is a bind parameter, never part of the text.
        await transaction.$queryRaw`SELECT app.begin_context(${signContext(key, context)})`;
        began = true;
        return work(transaction);
      }, options);
    } catch (error) {
      const state = began ? undefined : sqlState(error);
      const other = (state === '28000' && keys.refused(key)) || (state === '28P01' && passwords?.refused(password));
      if (!other || attempt > 2) throw error;
    }
  }
}
