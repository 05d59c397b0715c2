import type { Use } from '../../api/sharing'
import type { Tone } from '../../components/Pill.vue'
import type { Key } from '../../i18n'

/** How a use stands now. */
export function stateOf(use: Use, now: number = Date.now()): { tone: Tone; word: Key } {
  if (use.decision === null) return { tone: 'warn', word: 'data_use.use.waiting' }
  if (use.decision === 'refused') return { tone: 'bad', word: 'data_use.use.refused' }
  if (use.valid_until !== null && Date.parse(use.valid_until) <= now) return { tone: 'plain', word: 'data_use.use.ended' }
  return { tone: 'ok', word: 'data_use.use.approved' }
}
