import { expect, it } from 'vitest'
import type { Delivery, Message } from '../src/api/conversations'
import type { Reach } from '../src/api/queue'
import { upcoming } from '../src/i18n/format'
import { bytesOf, isShut, standing } from '../src/pages/queue/reach'
import { merged, readFrom } from '../src/thread/useThread'

const DELIVERY: Delivery = {
  route: null,
  reason: null,
  why: null,
  code: null,
  rid: null,
  messages: 1,
  parts: 0,
  settled_at: null,
  settled_as: null,
  settled_by: null,
}

function line(seq: number, state: string, delivery: Delivery | null = DELIVERY): Message {
  return { seq, id: `m${seq}`, direction: 'out', author: 'agent', body: { text: 'x' }, at: '2026-01-01T00:00:00Z', state, delivery }
}

it('reads again what is still on its way, and else only what is new', () => {
  expect(readFrom([])).toBe(0)
  expect(readFrom([line(1, 'sent'), line(2, 'failed')])).toBe(2)
  expect(readFrom([line(1, 'sent'), line(2, 'queued'), line(3, 'sent')])).toBe(1)
  expect(readFrom([line(4, 'held'), line(5, 'sent')])).toBe(3)
  // A browser fetches these: what is queued for it stays so until it does.
  expect(readFrom([line(1, 'queued', null)])).toBe(1)
})

it('keeps one line per seq, and the same list where nothing has changed', () => {
  const known = [line(1, 'sent'), line(2, 'queued')]
  expect(merged(known, [line(2, 'queued')])).toBe(known)
  expect(merged(known, [])).toBe(known)
  expect(merged(known, [line(2, 'sent'), line(3, 'queued')]).map((one) => [one.seq, one.state])).toEqual([
    [1, 'sent'],
    [2, 'sent'],
    [3, 'queued'],
  ])
  expect(merged(known, [line(2, 'queued', { ...DELIVERY, why: 'busy' })])).not.toBe(known)
})

it('closes a window by the clock, and says when nothing would arrive', () => {
  const reach: Reach = { kind: 'open', left: 3, until: '2026-01-01T12:00:00Z', waiting: 0, text_bytes: 2048 }
  const before = Date.parse('2026-01-01T11:59:59Z')
  expect([standing(reach, before), isShut(reach, before)]).toEqual(['open', false])
  expect([standing(reach, before + 1000), isShut(reach, before + 1000)]).toEqual(['closed', true])
  expect(isShut({ ...reach, kind: 'passive', until: null }, before)).toBe(false)
  expect(isShut({ ...reach, kind: 'unreachable', until: null }, before)).toBe(true)
  expect(isShut(null, before)).toBe(false)
})

it('counts as WeChat does', () => {
  expect([bytesOf('abc'), bytesOf('长'), bytesOf('🫖')]).toEqual([3, 3, 4])
})

it('knows today from tomorrow', () => {
  const now = new Date(2026, 10, 22, 23, 50)
  const at = (day: number, hour: number): string => new Date(2026, 10, day, hour, 5).toISOString()
  expect([upcoming(at(22, 23), now).when, upcoming(at(22, 23), now).time]).toEqual(['today', '23:05'])
  expect(upcoming(at(23, 14), now).when).toBe('tomorrow')
  expect(upcoming(at(24, 0), now).when).toBe('day')
})
