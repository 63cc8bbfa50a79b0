// Two values of which a server knows one or both: the current one, and the previous one while a rotation is under way.
// docs/contracts/database.md. Which of them works is learned from a refusal, and kept until the next.

/**
 * @template T
 * @param {T} current
 * @param {T | undefined} previous absent before the first rotation
 */
export function createOverlap(current, previous) {
  const values = previous === undefined ? [current] : [current, previous];
  let index = 0;
  return {
    /** The value to use now. */
    get value() {
      return values[index];
    },
    /** Tell that `value` was refused; true when the other one is worth a try. Refusals at one time turn it once. */
    refused(value) {
      if (values.length === 1) return false;
      if (values[index] === value) index = 1 - index;
      return true;
    },
  };
}
