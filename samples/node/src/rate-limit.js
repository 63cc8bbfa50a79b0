// Exact limits per user, account or address, counted in Redis: at most `limit` requests in any window of `seconds`.
// docs/contracts/rate-limits.md is the contract; limits.json holds the numbers.
import { createHash, randomUUID } from 'node:crypto';

// The server's clock, so that all instances agree. Milliseconds.
export const SERVER_CLOCK = `local t = redis.call('TIME')
local now = t[1] * 1000 + math.floor(t[2] / 1000)`;

// A log of the requests that were allowed. One at time s counts while now is in [s, s + window).
// KEYS[1]: the log. ARGV: limit, window in milliseconds, member.
// Answer: allowed (1 or 0), how many more are allowed, milliseconds until the oldest of the log stops counting.
export const consumeScript = (clock = SERVER_CLOCK) => `${clock}
local limit, window = tonumber(ARGV[1]), tonumber(ARGV[2])
redis.call('ZREMRANGEBYSCORE', KEYS[1], '-inf', now - window)
local used = redis.call('ZCARD', KEYS[1])
local allowed = 0
if used < limit then
  redis.call('ZADD', KEYS[1], now, ARGV[3])
  redis.call('PEXPIRE', KEYS[1], window)
  used = used + 1
  allowed = 1
end
local oldest = redis.call('ZRANGE', KEYS[1], 0, 0, 'WITHSCORES')
return {allowed, limit - used, tonumber(oldest[2]) + window - now}`;

// KEYS[1]: the log. ARGV[1]: member to take out again.
export const RELEASE_SCRIPT = `return redis.call('ZREM', KEYS[1], ARGV[1])`;

const SUBJECT = /^[\x21-\x7e]{1,256}$/;

/** The Redis key of one limit and subject. Accounts and addresses are hashed: no e-mail address is ever a key. */
export function limitKey(name, kind, subject) {
  if (typeof subject !== 'string' || subject.length === 0) throw new TypeError('a limit needs a subject');
  const id = kind === 'user' ? subject : createHash('sha256').update(subject.trim().toLowerCase()).digest('hex');
  if (!SUBJECT.test(id)) throw new TypeError('a user id is 1 to 256 printable characters');
  return `rl:{${kind}:${id}}:${name}`;
}

/**
 * @param {object} options
 * @param {(script: string, key: string, args: string[]) => Promise<any>} options.evaluate runs a script on one key
 * @param {object} options.limits limits.json
 * @param {(event: {limit: string, error: Error, decision: string}) => void} options.onError called when Redis fails
 * @param {number} [options.timeoutMs] how long Redis may take: a hanging one must not hang the app
 * @param {string} [options.script] consumeScript() with another clock, for tests
 */
export function createRateLimiter({ evaluate, limits, onError, timeoutMs = 250, script = consumeScript() }) {
  const find = (name) => {
    if (!Object.hasOwn(limits, name)) throw new TypeError(`no limit ${name}`);
    return limits[name];
  };

  /** Count one request. `release()` takes it out again: a successful login is no failed attempt. */
  async function consume(name, subject) {
    const limit = find(name);
    const key = limitKey(name, limit.subject, subject);
    const member = randomUUID();
    const args = [String(limit.limit), String(limit.seconds * 1000), member];
    let reply;
    try {
      reply = await within(timeoutMs, evaluate(script, key, args));
    } catch (error) {
      onError({ limit: name, error, decision: limit.whenRedisIsDown });
      return degraded(name, limit);
    }
    const [allowed, remaining, resetMs] = reply.map(Number);
    const release = async () => {
      try {
        await within(timeoutMs, evaluate(RELEASE_SCRIPT, key, [member]));
      } catch (error) {
        onError({ limit: name, error, decision: 'keep' });
      }
    };
    return decision(name, limit, allowed === 1, remaining, resetMs, allowed === 1 ? release : nothing);
  }

  return { consume };
}

const nothing = async () => {};

function decision(name, limit, allowed, remaining, resetMs, release) {
  const reset = Math.max(1, Math.ceil(resetMs / 1000));
  const headers = {
    'RateLimit-Policy': `${limit.limit};w=${limit.seconds}`,
    'RateLimit-Limit': String(limit.limit),
    'RateLimit-Remaining': String(remaining),
    'RateLimit-Reset': String(reset),
  };
  if (!allowed) headers['Retry-After'] = String(reset);
  return { name, allowed, status: allowed ? 200 : 429, remaining, headers, release };
}

// Redis did not answer. Nothing is known about the count, so no RateLimit header claims anything.
function degraded(name, limit) {
  if (limit.whenRedisIsDown === 'allow') {
    return { name, allowed: true, status: 200, remaining: null, headers: {}, release: nothing };
  }
  return { name, allowed: false, status: 503, remaining: null, headers: { 'Retry-After': '5' }, release: nothing };
}

function within(milliseconds, promise) {
  let timer;
  const late = new Promise((_, reject) => {
    timer = setTimeout(() => reject(new Error(`no answer in ${milliseconds} ms`)), milliseconds);
  });
  return Promise.race([promise, late]).finally(() => clearTimeout(timer));
}

/** Adapters: `evaluate` for the two common clients. */
export const withNodeRedis = (client) => (script, key, args) => client.eval(script, { keys: [key], arguments: args });
export const withIoredis = (client) => (script, key, args) => client.eval(script, 1, key, ...args);
