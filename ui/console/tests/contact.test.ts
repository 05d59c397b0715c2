import { describe, expect, it, vi } from 'vitest'
import { newKey } from '../src/api/key'
import { Problem } from '../src/api/problem'
import { isMasked } from '../src/api/veil'
import { speak } from '../src/i18n'
import { demand, FieldFault, fieldFaults } from '../src/i18n/fieldFaults'
import { money, percent } from '../src/i18n/format'
import { fromField, toField } from '../src/i18n/moment'
import { useVeil } from '../src/lists/useVeil'
import { choicesOf, fieldsOf } from '../src/pages/contacts/profile/fields'

vi.stubGlobal('localStorage', { getItem: () => null, setItem: () => undefined })
vi.stubGlobal('navigator', { languages: ['en-GB'] })
await speak('en')

describe('fieldFaults', () => {
  it('gives the server’s own words for a value of a profile', () => {
    const fault = new Problem(422, 'bad_field', '', null, 'bad_phone', { field: 'phone', text: 'Not a phone number.' })
    expect(fieldFaults(fault)).toEqual({ phone: 'Not a phone number.' })
  })

  it('names each field of a form with its reason in words', () => {
    const fields = [
      { field: 'reply', reason: 'too_long' },
      { field: 'key', reason: 'from_the_future' },
    ]
    const told = fieldFaults(new Problem(422, 'invalid', '', null, null, { fields }))
    expect(told).toEqual({ reply: 'This is too long.', key: 'from_the_future' })
  })

  it('names no field for any other fault', () => {
    expect(fieldFaults(new Problem(409, 'version_conflict', 'Changed meanwhile'))).toEqual({})
    expect(fieldFaults(new TypeError('x'))).toEqual({})
  })

  it('finds what was left blank before anything is sent', () => {
    expect(() => demand({ note: 'x' })).not.toThrow()
    try {
      demand({ note: ' ', to: 'closed' })
      expect.unreachable()
    } catch (fault) {
      expect(fault).toBeInstanceOf(FieldFault)
      expect(fieldFaults(fault)).toEqual({ note: 'Please fill this in.' })
    }
  })
})

describe('the veil', () => {
  it('is lifted for a reason, and stays down when the reading fails', async () => {
    let refused = false
    const veil = useVeil(() => (refused ? Promise.reject(new Problem(403, 'forbidden', '')) : Promise.resolve()))
    await veil.show('checks the invoice')
    expect(veil.lift.value).toEqual({ unmask: 1, reason: 'checks the invoice' })
    await veil.hide()
    refused = true
    await expect(veil.show('once more')).rejects.toThrow(Problem)
    expect(veil.lift.value).toBeNull()
  })

  it('knows what was hidden', () => {
    expect(isMasked('••••002X')).toBe(true)
    expect(isMasked('002X')).toBe(false)
    expect(isMasked(null)).toBe(false)
  })
})

it('keeps a moment to the minute through its field', () => {
  const at = new Date(2026, 0, 2, 3, 4)
  expect(toField(at)).toBe('2026-01-02T03:04')
  expect(fromField(toField(at))).toBe(at.toISOString())
})

it('writes amounts in minor units, as many as the currency has', () => {
  expect(money(259900, 'CNY')).toContain('2,599.00')
  expect(money(1500, 'JPY')).toContain('1,500')
  expect(percent(0.7)).toBe('70%')
})

it('shows the fields of the kind, and what else is known', () => {
  expect(fieldsOf('organisation', new Map())).toContain('industry')
  expect(fieldsOf('person', new Map())).not.toContain('industry')
  expect(fieldsOf('person', new Map([['industry', 1]]))).toContain('industry')
  expect(choicesOf('gender')).toContain('undisclosed')
  expect(choicesOf('phone')).toBeNull()
})

it('makes another key each time, of what the server takes', () => {
  expect(newKey()).toMatch(/^[0-9a-f]{32}$/)
  expect(newKey()).not.toBe(newKey())
})
