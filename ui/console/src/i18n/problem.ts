import { Problem } from '../api/problem'
import { t } from './index'

/** A sentence for people: the server's own words where it had any. */
export function explain(fault: unknown): string {
  if (!(fault instanceof Problem)) return t('problem.unexpected')
  if (fault.message) return fault.message
  if (fault.code === 'timed_out') return t('problem.timed_out')
  if (fault.status === 0) return t('problem.unreachable')
  if (fault.status >= 500) return t('problem.server')
  return t('problem.refused', { status: fault.status })
}
