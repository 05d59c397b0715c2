import type { ThirdParty } from '../../api/sharing'
import type { Tone } from '../../components/Pill.vue'
import type { Key } from '../../i18n'

const SOON_MS = 30 * 86_400_000

/** How an agreement stands; its last day counts to its end. */
export function standOf(
  party: Pick<ThirdParty, 'active' | 'agreement_until'>,
  now: number = Date.now(),
): { tone: Tone; word: Key } {
  if (!party.active) return { tone: 'plain', word: 'data_use.party.inactive' }
  const left = Date.parse(`${party.agreement_until}T23:59:59`) - now
  if (left < 0) return { tone: 'bad', word: 'data_use.party.expired' }
  if (left < SOON_MS) return { tone: 'warn', word: 'data_use.party.ending' }
  return { tone: 'ok', word: 'data_use.party.in_force' }
}
