import { t } from '../../i18n'
import { dateNumbers } from '../../i18n/format'

interface Span {
  valid_from?: string | null
  valid_until?: string | null
}

export type Stand = 'valid' | 'planned' | 'expired'

/** Whether the assistant may use an article at `now`. */
export function standOf(span: Span, now: number = Date.now()): Stand {
  if (span.valid_from && Date.parse(span.valid_from) > now) return 'planned'
  // A bare date counts to the end of its day.
  const day = span.valid_until && span.valid_until.length <= 10 ? 86_400_000 : 0
  if (span.valid_until && Date.parse(span.valid_until) + day <= now) return 'expired'
  return 'valid'
}

export function validityWords({ valid_from: from, valid_until: until }: Span): string {
  if (from && until) return t('knowledge.between', { from: dateNumbers(from), until: dateNumbers(until) })
  if (from) return t('knowledge.from', { date: dateNumbers(from) })
  if (until) return t('knowledge.until', { date: dateNumbers(until) })
  return t('knowledge.always')
}
