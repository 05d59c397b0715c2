import type { Tone } from '../../../components/Pill.vue'

const TONES: Record<string, Tone> = {
  open: 'info',
  reopened: 'warn',
  mediation: 'bad',
  litigation: 'bad',
  resolved: 'ok',
  answered: 'ok',
  closed: 'plain',
}

export function toneOf(state: string): Tone {
  return TONES[state] ?? 'accent'
}

/** Whether a deadline has passed. */
export function isOver(due: string, now: number): boolean {
  return Date.parse(due) < now
}

/** Kinds that need a root cause before they are closed (CO5). */
export function isGrievance(kind: string): boolean {
  return kind === 'complaint' || kind === 'dispute'
}
