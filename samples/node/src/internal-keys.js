// Which app is calling: INTERNAL_API_KEYS holds each consumer's current and previous key. docs/contracts/secrets.md.
import { createHash, timingSafeEqual } from 'node:crypto';

const digest = (text) => createHash('sha256').update(text, 'utf8').digest();

/**
 * @param {string} json INTERNAL_API_KEYS: {"frontend": ["current", "previous"], …}
 * @returns {(presented: unknown) => {consumer: string, generation: 'current' | 'previous'} | null}
 */
export function createKeyVerifier(json) {
  let consumers;
  try {
    consumers = JSON.parse(json);
  } catch {
    throw new Error('INTERNAL_API_KEYS is not JSON');
  }
  const known = [];
  for (const [consumer, keys] of Object.entries(consumers ?? {})) {
    if (!Array.isArray(keys) || keys.length === 0 || keys.length > 2) {
      throw new Error(`INTERNAL_API_KEYS: ${consumer} needs its current key and at most one previous one`);
    }
    keys.forEach((key, age) => {
      if (typeof key !== 'string' || key.length < 32) throw new Error(`INTERNAL_API_KEYS: a key of ${consumer} is short`);
      known.push({ consumer, generation: age === 0 ? 'current' : 'previous', digest: digest(key) });
    });
  }
  if (known.length === 0) throw new Error('INTERNAL_API_KEYS names no consumer');

  return (presented) => {
    if (typeof presented !== 'string' || presented.length === 0 || presented.length > 512) return null;
    const given = digest(presented);
    let match = null;
    // Every key is compared, whatever matched before: time tells nothing about which one, or how much of it, was right.
    for (const candidate of known) {
      if (timingSafeEqual(candidate.digest, given)) match = candidate;
    }
    return match && { consumer: match.consumer, generation: match.generation };
  };
}
