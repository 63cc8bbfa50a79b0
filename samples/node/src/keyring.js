// Fields that the app encrypts itself: AES-256-GCM under ENCRYPTION_KEY, a keyring that only ever grows.
// docs/contracts/secrets.md. Format: v1.<key id>.<nonce>.<ciphertext and tag>, base64url.
import { createCipheriv, createDecipheriv, hkdfSync, randomBytes } from 'node:crypto';

const KEY_ID = /^k[1-9]\d?$/;
const NONCE_BYTES = 12;
const TAG_BYTES = 16;

/** @param {string} json ENCRYPTION_KEY: {"current": "k1", "keys": {"k1": "…"}} */
export function createKeyring(json) {
  const { current, keys } = parse(json);
  const derived = new Map(
    Object.entries(keys).map(([id, secret]) => [
      id,
      Buffer.from(hkdfSync('sha256', secret, '', `medspasync field encryption v1 ${id}`, 32)),
    ]),
  );

  // The context (tenant, table, column, row) is authenticated: a value moved to another place does not decrypt.
  const associated = (id, context) => {
    if (!Array.isArray(context) || context.length === 0 || context.some((part) => typeof part !== 'string' || !part)) {
      throw new TypeError('a context is a list of non-empty strings: tenant, table, column, row');
    }
    return Buffer.from(JSON.stringify(['v1', id, ...context]));
  };

  function encrypt(text, context) {
    const nonce = randomBytes(NONCE_BYTES);
    const cipher = createCipheriv('aes-256-gcm', derived.get(current), nonce, { authTagLength: TAG_BYTES });
    cipher.setAAD(associated(current, context));
    const sealed = Buffer.concat([cipher.update(text, 'utf8'), cipher.final(), cipher.getAuthTag()]);
    return ['v1', current, nonce.toString('base64url'), sealed.toString('base64url')].join('.');
  }

  function decrypt(value, context) {
    const [version, id, nonce, sealed, ...rest] = String(value).split('.');
    if (version !== 'v1' || rest.length > 0 || !nonce || !sealed) throw new Error('not an encrypted value');
    const key = derived.get(id);
    if (!key) throw new Error(`key ${KEY_ID.test(id) ? id : '(malformed)'} is not in the keyring`);
    const bytes = Buffer.from(sealed, 'base64url');
    const iv = Buffer.from(nonce, 'base64url');
    if (iv.length !== NONCE_BYTES || bytes.length < TAG_BYTES) throw new Error('not an encrypted value');
    const decipher = createDecipheriv('aes-256-gcm', key, iv, { authTagLength: TAG_BYTES });
    decipher.setAAD(associated(id, context));
    decipher.setAuthTag(bytes.subarray(-TAG_BYTES));
    return decipher.update(bytes.subarray(0, -TAG_BYTES), undefined, 'utf8') + decipher.final('utf8');
  }

  /** Whether a value should be written again under the current key, at the next write or by a background job. */
  const isStale = (value) => String(value).split('.')[1] !== current;

  return { current, encrypt, decrypt, isStale };
}

function parse(json) {
  let ring;
  try {
    ring = JSON.parse(json);
  } catch {
    throw new Error('ENCRYPTION_KEY is not JSON'); // never with its text
  }
  const keys = ring?.keys;
  if (!keys || typeof keys !== 'object' || !Object.hasOwn(keys, ring.current)) {
    throw new Error('ENCRYPTION_KEY needs "current" and "keys" with the current key');
  }
  for (const [id, secret] of Object.entries(keys)) {
    if (!KEY_ID.test(id)) throw new Error('a key id is k1, k2 …');
    if (typeof secret !== 'string' || secret.length < 32) throw new Error(`key ${id} is shorter than 32 characters`);
  }
  return ring;
}
