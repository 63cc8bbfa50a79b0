// Session tokens: HS256 under JWT_SECRET; what JWT_SECRET_PREVIOUS signed is still good until it expires.
// docs/contracts/secrets.md. One algorithm, fixed here and never read from the token.
import { createHmac, timingSafeEqual } from 'node:crypto';

const HEADER = Buffer.from('{"alg":"HS256","typ":"JWT"}').toString('base64url');
const PART = /^[A-Za-z0-9_-]+$/;
const MAX_SECONDS = 3600;
const SKEW_SECONDS = 30;

const mac = (signed, secret) => createHmac('sha256', secret).update(signed).digest();
const inSeconds = () => Math.floor(Date.now() / 1000);

/**
 * @param {object} options
 * @param {string} options.current JWT_SECRET
 * @param {string} [options.previous] JWT_SECRET_PREVIOUS; absent when nothing was rotated yet
 * @param {string} options.issuer
 * @param {string} options.audience
 * @param {() => number} [options.now] Unix seconds
 */
export function createTokens({ current, previous, issuer, audience, now = inSeconds }) {
  const secrets = [current, previous].filter((secret) => secret !== undefined && secret !== '');
  if (!current || secrets.some((secret) => secret.length < 32)) throw new Error('a JWT secret has 32 characters or more');

  /** A token of at most an hour: shorter than any overlap of two secrets. */
  function sign(claims, seconds = 900) {
    if (!(seconds > 0 && seconds <= MAX_SECONDS)) throw new RangeError(`a token lives 1 to ${MAX_SECONDS} seconds`);
    const issued = now();
    const payload = { ...claims, iss: issuer, aud: audience, iat: issued, exp: issued + seconds };
    const signed = `${HEADER}.${Buffer.from(JSON.stringify(payload)).toString('base64url')}`;
    return `${signed}.${mac(signed, current).toString('base64url')}`;
  }

  /** The claims of a valid token, else null. */
  function verify(token) {
    const parts = typeof token === 'string' && token.length <= 4096 ? token.split('.') : [];
    if (parts.length !== 3 || !parts.every((part) => PART.test(part)) || !fixedHeader(parts[0])) return null;
    const given = Buffer.from(parts[2], 'base64url');
    const genuine = secrets.map((secret) => {
      const expected = mac(`${parts[0]}.${parts[1]}`, secret);
      return given.length === expected.length && timingSafeEqual(given, expected);
    });
    if (!genuine.includes(true)) return null;
    const claims = read(parts[1]);
    const time = now();
    const valid =
      claims !== null &&
      claims.iss === issuer &&
      claims.aud === audience &&
      Number.isInteger(claims.iat) &&
      Number.isInteger(claims.exp) &&
      claims.iat <= time + SKEW_SECONDS &&
      claims.exp > time &&
      claims.exp - claims.iat <= MAX_SECONDS;
    return valid ? claims : null;
  }

  return { sign, verify };
}

function fixedHeader(part) {
  const header = read(part);
  return header !== null && header.alg === 'HS256' && header.typ === 'JWT' && header.crit === undefined;
}

function read(part) {
  try {
    const value = JSON.parse(Buffer.from(part, 'base64url').toString('utf8'));
    return value !== null && typeof value === 'object' && !Array.isArray(value) ? value : null;
  } catch {
    return null;
  }
}
