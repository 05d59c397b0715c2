import { describe, expect, it, vi } from 'vitest'
import type { Message } from './protocol'
import { MemoryShelf, Store } from './store'
import { Thread } from './thread'

function message(seq: number, direction: 'in' | 'out' = 'out'): Message {
  const author = direction === 'in' ? 'customer' : 'bot'
  return { type: 'message', seq, id: `id-${seq}`, direction, author, body: { text: `${seq}` }, at: '2026-11-21T08:00:00Z' }
}

function open(shelf = new MemoryShelf()) {
  const changed = vi.fn()
  const thread = new Thread(new Store('yingda:shop:', shelf), changed)
  thread.load('visitor')
  return { thread, shelf, changed }
}

const seqs = (thread: Thread) => thread.messages.map((one) => one.seq)

describe('the thread', () => {
  it('shows each message once', () => {
    const { thread } = open()
    expect(thread.accept(message(1))).toBe('shown')
    expect(thread.accept(message(1))).toBe('known')
    expect(seqs(thread)).toEqual([1])
  })

  it('puts messages that overtake each other in order', () => {
    const { thread } = open()
    for (const seq of [3, 2, 5]) expect(thread.accept(message(seq))).toBe('early')
    expect(thread.last).toBe(0)
    expect(thread.gap).toBe(true)
    thread.accept(message(1))
    expect(seqs(thread)).toEqual([1, 2, 3])
    thread.accept(message(4))
    expect(seqs(thread)).toEqual([1, 2, 3, 4, 5])
    expect(thread.gap).toBe(false)
  })

  it('continues after a reload where it stopped', () => {
    const { thread, shelf } = open()
    for (const seq of [1, 2, 3]) thread.accept(message(seq))
    thread.readByStaff(2)
    thread.keep()
    const again = open(shelf).thread
    expect(again.last).toBe(3)
    expect(again.staffRead).toBe(2)
    expect(again.accept(message(3))).toBe('known')
  })

  it('keeps the end of a long thread and its cursor', () => {
    const { thread, shelf } = open()
    for (let seq = 1; seq <= 700; seq++) thread.accept(message(seq))
    thread.keep()
    const again = open(shelf).thread
    expect(again.last).toBe(700)
    expect(seqs(again)[0]).toBe(201)
  })

  it('never shows one visitor the thread of another', () => {
    const { thread, shelf } = open()
    thread.accept(message(1))
    thread.keep()
    const other = new Thread(new Store('yingda:shop:', shelf), vi.fn())
    other.load('somebody else')
    expect(other.messages).toEqual([])
    expect(other.last).toBe(0)
  })

  it('begins after a reset with whatever seq comes first', () => {
    const { thread, shelf } = open()
    for (const seq of [1, 2]) thread.accept(message(seq))
    thread.keep()
    thread.reset()
    expect(thread.accept(message(701))).toBe('shown')
    expect(thread.accept(message(702))).toBe('shown')
    expect(thread.accept(message(704))).toBe('early')
    expect(seqs(thread)).toEqual([701, 702])
    thread.keep()
    expect(open(shelf).thread.last).toBe(702)
  })

  it('forgets a copy that the server does not know', () => {
    const { thread, shelf } = open()
    for (const seq of [1, 2, 3]) thread.accept(message(seq))
    thread.keep()
    thread.reset()
    thread.accept(message(1))
    thread.keep()
    expect(open(shelf).thread.last).toBe(1)
  })

  it('leaves the copy of a tab that is further alone', () => {
    const { thread, shelf } = open()
    const behind = open(shelf).thread
    for (const seq of [1, 2, 3]) thread.accept(message(seq))
    thread.keep()
    behind.accept(message(1))
    behind.keep()
    expect(open(shelf).thread.last).toBe(3)
  })

  it('counts what the shop said since the customer last read', () => {
    const { thread } = open()
    thread.accept(message(1, 'in'))
    for (const seq of [2, 3]) thread.accept(message(seq))
    expect(thread.unread).toBe(2)
    thread.readByCustomer(2)
    expect(thread.unread).toBe(1)
    thread.readByCustomer(1)
    expect(thread.unread).toBe(1)
  })
})
