// Which internal key was used, told to Application Insights: an event a minute and key, never the key itself.
// docs/contracts/secrets.md.

export const EVENT = 'medspasync.internal_key';

/**
 * @param {(event: {name: string, attributes: {consumer: string, key: 'current' | 'previous' | 'unknown',
 *   via: 'internal' | 'edge', count: number}}) => void} emit sends one event
 * @param {{everyMs?: number, schedule?: (work: () => void, ms: number) => unknown}} options
 * @returns {{used: (match: {consumer: string, generation: string} | null, headers: Record<string, unknown>) => boolean,
 *   flush: () => void}} used: whether to let the call in; flush: call it before the process ends
 */
export function createKeyLog(emit, { everyMs = 60_000, schedule = unrefTimeout } = {}) {
  const pending = new Map();
  let waiting = false;

  function send(entry) {
    emit({ name: EVENT, attributes: { ...entry.told, count: entry.count } });
    entry.count = 0;
  }

  function flush() {
    waiting = false;
    for (const [id, entry] of pending) {
      if (entry.count > 0) send(entry);
      else pending.delete(id); // a minute without use: the next one is told at once again
    }
    wait();
  }

  function wait() {
    if (waiting || pending.size === 0) return;
    waiting = true;
    schedule(flush, everyMs);
  }

  function used(match, headers) {
    // Front Door sets this header on everything it lets through; calls between our apps do not pass it.
    const via = headers['x-azure-fdid'] === undefined ? 'internal' : 'edge';
    const told = { consumer: match?.consumer ?? '', key: match?.generation ?? 'unknown', via };
    const id = `${told.via} ${told.key} ${told.consumer}`;
    const entry = pending.get(id);
    if (entry) {
      entry.count += 1;
    } else {
      const first = { told, count: 1 };
      pending.set(id, first);
      send(first);
    }
    wait();
    // A good key that comes from the internet is a stolen one.
    return match !== null && via === 'internal';
  }

  return { used, flush };
}

function unrefTimeout(work, ms) {
  setTimeout(work, ms).unref();
}
