// Entra tokens as passwords: fetched once for many connections, renewed before they expire.
// docs/contracts/database.md and redis.md.

export const POSTGRES_SCOPE = 'https://ossrdbms-aad.database.windows.net/.default';
export const REDIS_SCOPE = 'https://redis.azure.com/.default';

/**
 * A callback that gives the current token: `password` of node-postgres and of Prisma's driver adapter.
 *
 * @param {() => Promise<{token: string, expiresOnTimestamp: number}>} getToken asks Entra, for example
 *   `() => new ManagedIdentityCredential({ clientId: process.env.AZURE_CLIENT_ID }).getToken(POSTGRES_SCOPE)`
 * @param {object} [options]
 * @param {number} [options.renewMs] renew this long before expiry
 * @param {number} [options.retryMs] after a failed renewal, wait this long before asking again
 * @param {() => number} [options.now] milliseconds
 * @param {(error: Error) => void} [options.onError] a renewal failed and the old token is still in use
 */
export function createPasswordCallback(getToken, options = {}) {
  const { renewMs = 300_000, retryMs = 10_000, now = Date.now, onError = () => {} } = options;
  let held = null;
  let asking = null;
  let notBefore = 0;

  const usable = () => held !== null && held.expiresOnTimestamp > now();

  // One request at a time, whoever waits for it.
  const ask = () => {
    asking ??= (async () => {
      try {
        const fresh = await getToken();
        if (!fresh?.token || !(fresh.expiresOnTimestamp > now())) throw new Error('Entra gave no valid token');
        held = fresh;
        return fresh.token;
      } catch (error) {
        notBefore = now() + retryMs;
        throw error;
      } finally {
        asking = null;
      }
    })();
    return asking;
  };

  return async () => {
    if (usable() && held.expiresOnTimestamp - now() > renewMs) return held.token;
    if (usable() && now() < notBefore) return held.token;
    try {
      return await ask();
    } catch (error) {
      if (!usable()) throw error;
      onError(error);
      return held.token;
    }
  };
}
