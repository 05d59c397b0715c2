import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import type { Message } from './protocol'
import { MemoryShelf, Store } from './store'
import { Working } from './working'

const line = (seq: number, direction: 'in' | 'out'): Message => ({
  type: 'message',
  seq,
  id: `m${seq}`,
  direction,
  author: direction === 'in' ? 'customer' : 'bot',
  body: { text: 'x' },
  at: '2026-01-01T00:00:00Z',
})

const ASKED = [line(1, 'in'), line(2, 'out')]

function tab(shelf = new MemoryShelf(), now: () => number = Date.now) {
  const shown = vi.fn<(on: boolean) => void>()
  const working = new Working(new Store('t:', shelf), shown, now)
  return { working, shown, shelf }
}

describe('Working', () => {
  beforeEach(() => void vi.useFakeTimers())
  afterEach(() => void vi.useRealTimers())

  it('is shown from the word of the server to the line that answers', () => {
    const { working, shown, shelf } = tab()
    working.tell('v', 2, 60)
    working.update('v', [line(1, 'in')], true)
    expect(shown).toHaveBeenLastCalledWith(true)
    working.update('v', [...ASKED, line(3, 'in')], true)
    expect(shown).toHaveBeenLastCalledWith(true)
    working.update('v', [...ASKED, line(3, 'in'), line(4, 'out')], true)
    expect(shown).toHaveBeenLastCalledWith(false)
    expect(shelf.length).toBe(0)
  })

  it('ends by itself when its time is over', () => {
    const { working, shown } = tab()
    working.tell('v', 2, 60)
    working.update('v', ASKED, true)
    vi.advanceTimersByTime(59_999)
    expect(shown).toHaveBeenLastCalledWith(true)
    vi.advanceTimersByTime(1)
    expect(shown).toHaveBeenLastCalledWith(false)
  })

  it('ends at once when the server says so', () => {
    const { working, shown } = tab()
    working.tell('v', 2, 60)
    working.tell('v', 0, 0)
    working.update('v', ASKED, true)
    expect(shown).toHaveBeenLastCalledWith(false)
  })

  it('outlives a reload, is known to the other tabs, and waits for the lines that they miss', () => {
    const first = tab()
    first.working.tell('v', 2, 60)
    vi.advanceTimersByTime(20_000)
    const second = tab(first.shelf)
    second.working.update('v', ASKED, false)
    expect(second.shown).toHaveBeenLastCalledWith(false)
    second.working.update('v', ASKED, true)
    expect(second.shown).toHaveBeenLastCalledWith(true)
    vi.advanceTimersByTime(40_000)
    expect(second.shown).toHaveBeenLastCalledWith(false)
  })

  it('is of one visitor, and does not trust a clock that was set back', () => {
    let now = 1_000_000
    const { working, shown } = tab(new MemoryShelf(), () => now)
    working.tell('v', 2, 60)
    working.update('w', ASKED, true)
    expect(shown).toHaveBeenLastCalledWith(false)
    working.tell('v', 2, 60)
    now = 0
    working.update('v', ASKED, true)
    expect(shown).toHaveBeenLastCalledWith(false)
  })
})
