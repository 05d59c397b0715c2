import type { Counts, Import } from '../../api/imports'
import type { Tone } from '../../components/Pill.vue'

export const BASES = ['consent', 'contract', 'legal_duty', 'source_agreement']
export const KNOWN_BY = ['external_key', 'phone', 'email']

export const STATE_TONES: Record<Import['state'], Tone> = {
  new: 'info',
  checked: 'warn',
  running: 'info',
  finished: 'ok',
  expired: 'plain',
}

export const COUNTED = ['created', 'updated', 'unchanged', 'ambiguous', 'rejected', 'quarantined'] as const
export const COUNT_TONES: Record<(typeof COUNTED)[number], Tone> = {
  created: 'ok',
  updated: 'accent',
  unchanged: 'plain',
  ambiguous: 'warn',
  rejected: 'bad',
  quarantined: 'warn',
}

/** How many rows would be, or were, taken in. */
export const taken = (counts: Counts): number => (counts.created ?? 0) + (counts.updated ?? 0)

export const isWorking = (one: Import): boolean => one.state === 'new' || one.state === 'running'
