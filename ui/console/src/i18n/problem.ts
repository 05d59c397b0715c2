import { Problem } from '../api/problem'
import { known, named, t } from './index'

/** A sentence for people: the server's own words where it had any. */
export function explain(fault: unknown): string {
  if (!(fault instanceof Problem)) return t('problem.unexpected')
  if (fault.code === 'weak_password' && fault.reason && known('password_fault').includes(fault.reason))
    return named('password_fault', fault.reason)
  if (fault.message) return fault.message
  if (fault.code === 'timed_out') return t('problem.timed_out')
  if (fault.status === 0) return t('problem.unreachable')
  if (fault.status >= 500) return t('problem.server')
  return t('problem.refused', { status: fault.status })
}
