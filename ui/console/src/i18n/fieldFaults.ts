import { Problem } from '../api/problem'
import { named } from './index'

/** What a form finds wrong before it is sent; `reasons` by field, as the server would name them. */
export class FieldFault extends Error {
  constructor(readonly reasons: Record<string, string>) {
    super(Object.keys(reasons).join(', '))
  }
}

interface Told {
  field: string
  reason: string
}

/** Words for each field that a fault names; empty when it names none. */
export function fieldFaults(fault: unknown): Record<string, string> {
  if (fault instanceof FieldFault) {
    return Object.fromEntries(Object.entries(fault.reasons).map(([field, reason]) => [field, named('reason', reason)]))
  }
  if (!(fault instanceof Problem)) return {}
  const { field, text, fields } = fault.members
  if (fault.code === 'bad_field' && typeof field === 'string' && typeof text === 'string') return { [field]: text }
  if (fault.code !== 'invalid' || !Array.isArray(fields)) return {}
  return Object.fromEntries((fields as Told[]).map((one) => [one.field, named('reason', one.reason)]))
}

/** Throws for those of these fields that hold nothing but blanks. */
export function demand(fields: Record<string, string>): void {
  const empty = Object.entries(fields).filter(([, value]) => !value.trim())
  if (empty.length) throw new FieldFault(Object.fromEntries(empty.map(([field]) => [field, 'missing'])))
}
