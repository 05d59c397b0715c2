import type { Reach } from '../../api/queue'

/** What may be sent by the reader's own clock: a window that was open when it was read may be over by now. */
export function standing(reach: Reach, now: number): Reach['kind'] {
  return reach.kind === 'open' && reach.until && Date.parse(reach.until) <= now ? 'closed' : reach.kind
}

/** Whether what is said now would not get to the customer. */
export function isShut(reach: Reach | null, now: number): boolean {
  return reach !== null && !['open', 'passive', 'told'].includes(standing(reach, now))
}

export const bytesOf = (text: string): number => new TextEncoder().encode(text).length
