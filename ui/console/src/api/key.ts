/** A name for one thing the user wants done: sent again after a lost answer, it is done once. */
export function newKey(): string {
  // Not randomUUID, which browsers have on https and loopback only.
  return Array.from(crypto.getRandomValues(new Uint8Array(16)), (byte) => byte.toString(16).padStart(2, '0')).join('')
}
