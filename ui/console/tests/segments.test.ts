import { describe, expect, it } from 'vitest'
import type { Json, SegmentField } from '../src/api/segments'
import { isComplete, newGroup, newLeaf, partAt, read, write } from '../src/pages/segments/condition'

const field = (id: string, kind: SegmentField['kind'], operators: string[], needed: string[] = []): SegmentField => ({
  id,
  kind,
  operators,
  words: [],
  needed,
  optional: needed.length ? ['channel'] : [],
})
const fields = new Map(
  [
    field('orders', 'number', ['at_least', 'at_most', 'is']),
    field('stage', 'word', ['is', 'in', 'known']),
    field('consent', 'special', ['is'], ['purpose']),
  ].map((one) => [one.id, one]),
)
const orders: Json = { field: 'orders', at_least: 2 }

describe('a saved condition', () => {
  it.each<Json>([
    orders,
    { all: [orders, { field: 'stage', in: ['growth'] }] },
    { not: { any: [orders, { not: { field: 'stage', known: false } }] } },
    { any: [{ all: [orders, orders] }, { field: 'consent', purpose: 'care', channel: 'web', is: 'granted' }] },
    { all: [orders, { field: 'shoe_size', is: 42 }] },
    { all: [orders, { field: 'orders', at_least: 'many' }] },
    { all: [orders, { not: { not: orders } }] },
    { all: [orders, { surprise: true }] },
  ])('comes out of the form as it went in: %j', (saved) => {
    expect(write(read(saved, fields))).toEqual(saved)
  })

  it('shows what the form does not know as it is', () => {
    const root = read({ all: [orders, { field: 'shoe_size', is: 42 }] }, fields)
    expect(root.parts.map((part) => part.type)).toEqual(['leaf', 'raw'])
  })
})

describe('the place of a fault', () => {
  const root = read({ all: [orders, { not: { any: [orders, { field: 'stage', is: 'x' }] } }] }, fields)
  const [first, second] = root.parts
  const inner = second?.type === 'group' ? second.parts[1] : undefined

  it.each([
    ['all[0].at_least', first?.key],
    ['all[1]', second?.key],
    ['all[1].not.any[1].is', inner?.key],
    ['all[1].not.any', second?.key],
    ['all[10].is', root.key],
    ['', root.key],
  ])('%s is found', (place, key) => expect(partAt(root, place)).toBe(key))

  it('is found in a condition that stands alone', () => {
    const alone = read(orders, fields)
    expect(partAt(alone, 'at_least')).toBe(alone.parts[0]?.key)
  })
})

it('counts only what is filled in', () => {
  expect(isComplete(newGroup(), fields)).toBe(false)
  expect(isComplete(newGroup([newLeaf()]), fields)).toBe(false)
  expect(isComplete(read(orders, fields), fields)).toBe(true)
  expect(isComplete({ ...newLeaf(), field: 'consent', operator: 'is', operand: 'granted' }, fields)).toBe(false)
  expect(isComplete({ ...newLeaf(), field: 'stage', operator: 'in', operand: [] }, fields)).toBe(false)
})
