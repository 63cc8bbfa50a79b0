// Reproducible randomness for property tests: the seed is printed with every failure.
export const SEED = Number(process.env.SEED ?? 20260101);

export function generator(seed = SEED) {
  let state = seed >>> 0;
  const next = () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = state;
    mixed = Math.imul(mixed ^ (mixed >>> 15), mixed | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
  return { below: (limit) => Math.floor(next() * limit), between: (low, high) => low + Math.floor(next() * (high - low + 1)) };
}
