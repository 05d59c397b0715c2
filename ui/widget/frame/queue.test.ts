import { describe, expect, it, vi } from 'vitest'
import { Queue } from './queue'
import { MemoryShelf, Store } from './store'

function open(shelf = new MemoryShelf(), now: () => number = Date.now) {
  const changed = vi.fn()
  const store = new Store('yingda:shop:', shelf)
  return { queue: new Queue(store, changed, now), store, shelf, changed }
}

describe('the queue of unsent messages', () => {
  it('keeps what was typed, in order, over a reload', () => {
    const { queue, shelf } = open()
    const ids = ['一', '二', '三'].map((text) => queue.add({ text }).client_msg_id)
    const reloaded = open(shelf).queue
    expect(reloaded.items().map((item) => item.text)).toEqual(['一', '二', '三'])
    expect(reloaded.head()?.client_msg_id).toBe(ids[0])
  })

  it('orders messages typed within one millisecond', () => {
    const { queue } = open(undefined, () => 1_700_000_000_000)
    for (let count = 0; count < 30; count++) queue.add({ text: String(count) })
    expect(queue.items().map((item) => Number(item.text))).toEqual([...Array(30).keys()])
  })

  it('makes ids that the protocol accepts', () => {
    const { queue } = open()
    const ids = Array.from({ length: 50 }, () => queue.add({ text: 'x' }).client_msg_id)
    for (const id of ids) expect(id).toMatch(/^[A-Za-z0-9_-]{1,64}$/)
    expect(new Set(ids).size).toBe(50)
  })

  it('skips what is acknowledged or refused, and drops it only when the thread has it', () => {
    const { queue } = open()
    const [first, second, third] = ['a', 'b', 'c'].map((text) => queue.add({ text }).client_msg_id) as [string, string, string]
    queue.acknowledge(first, 7)
    queue.fail(second, 'too_large')
    expect(queue.head()?.client_msg_id).toBe(third)
    expect(queue.items()).toHaveLength(3)
    queue.settle(6)
    expect(queue.items()).toHaveLength(3)
    queue.settle(7)
    expect(queue.items().map((item) => item.text)).toEqual(['b', 'c'])
  })

  it('sends a refused message again under the same id', () => {
    const { queue } = open()
    const id = queue.add({ text: 'a' }).client_msg_id
    queue.fail(id, 'rate_limited')
    expect(queue.head()).toBeUndefined()
    queue.retry(id)
    expect(queue.head()).toMatchObject({ client_msg_id: id, state: 'waiting' })
    expect(queue.head()).not.toHaveProperty('code')
  })

  it('is not overwritten by another tab that writes at the same time', () => {
    const shelf = new MemoryShelf()
    const [one, other] = [open(shelf).queue, open(shelf).queue]
    one.add({ text: 'one' })
    other.add({ text: 'other' })
    one.add({ text: 'one again' })
    expect(one.items()).toHaveLength(3)
    expect(other.items()).toEqual(one.items())
  })

  it('does not bring a removed message back by a late acknowledgement', () => {
    const { queue } = open()
    const id = queue.add({ text: 'a' }).client_msg_id
    queue.remove(id)
    queue.acknowledge(id, 1)
    expect(queue.items()).toEqual([])
  })
})

describe('the store', () => {
  class FullShelf extends MemoryShelf {
    room = 400

    override setItem(key: string, value: string): void {
      let used = key.length + value.length
      for (let index = 0; index < this.length; index++) {
        const other = this.key(index) as string
        if (other !== key) used += other.length + (this.getItem(other) as string).length
      }
      if (used > this.room) throw new DOMException('full', 'QuotaExceededError')
      super.setItem(key, value)
    }
  }

  it('gives up the copy of the thread before it loses an unsent message', () => {
    const shelf = new FullShelf()
    const { queue, store } = open(shelf)
    store.set('thread', 'x'.repeat(300))
    queue.add({ text: 'y'.repeat(100) })
    expect(store.get('thread')).toBeNull()
    expect(open(shelf).queue.items()).toHaveLength(1)
  })

  it('keeps in memory what fits nowhere else', () => {
    const { queue } = open(new FullShelf())
    queue.add({ text: 'z'.repeat(1000) })
    expect(queue.head()?.text).toHaveLength(1000)
  })

  it('clears its own keys and no others', () => {
    const { store, shelf, queue } = open()
    shelf.setItem('yingda:other:session', 'theirs')
    queue.add({ text: 'a' })
    store.set('session', { token: 't' })
    store.clear()
    expect(store.keys()).toEqual([])
    expect(shelf.getItem('yingda:other:session')).toBe('theirs')
  })
})
