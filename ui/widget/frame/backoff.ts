const FIRST_MS = 500
const LONGEST_MS = 30_000

/** Milliseconds before attempt `n` (from 1): doubling, between half and all of it, so that crowds spread out. */
export function backoff(attempt: number, random: () => number = Math.random): number {
  const full = Math.min(LONGEST_MS, FIRST_MS * 2 ** Math.max(0, attempt - 1))
  return full / 2 + (random() * full) / 2
}
