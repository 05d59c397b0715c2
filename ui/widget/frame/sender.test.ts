import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { type Parcel, SendFault } from './link/link'
import { Queue } from './queue'
import { Sender } from './sender'
import { MemoryShelf, Store } from './store'

function open(send: (parcel: Parcel) => Promise<number>) {
  const queue = new Queue(new Store('yingda:shop:', new MemoryShelf()), vi.fn())
  const calls = vi.fn(send)
  return { queue, calls, sender: new Sender(queue, 'yingda:shop:send', calls) }
}

const texts = (calls: ReturnType<typeof open>['calls']) => calls.mock.calls.map(([parcel]) => parcel.text)

beforeEach(() => {
  vi.useFakeTimers()
})

afterEach(() => {
  vi.useRealTimers()
})

describe('the sender', () => {
  it('sends one message after the other, in order', async () => {
    let under = 0
    let most = 0
    let seq = 0
    const { queue, calls, sender } = open(async () => {
      most = Math.max(most, ++under)
      await new Promise((resolve) => setTimeout(resolve, 50))
      under--
      return ++seq
    })
    for (const text of ['a', 'b', 'c']) queue.add({ text })
    const done = Promise.all([sender.pump(), sender.pump()])
    await vi.advanceTimersByTimeAsync(500)
    await done
    expect(texts(calls)).toEqual(['a', 'b', 'c'])
    expect(most).toBe(1)
    expect(queue.items().map((item) => item.seq)).toEqual([1, 2, 3])
  })

  it('keeps a message whose way was lost and sends it again under the same id', async () => {
    let lost = true
    const { queue, calls, sender } = open(async () => {
      if (lost) throw new SendFault('lost', 'offline')
      return 1
    })
    queue.add({ text: 'a' })
    await sender.pump()
    expect(queue.head()?.text).toBe('a')
    lost = false
    await sender.pump()
    expect(queue.head()).toBeUndefined()
    expect(calls.mock.calls[0]?.[0].client_msg_id).toBe(calls.mock.calls[1]?.[0].client_msg_id)
  })

  it('marks a refused message and goes on with the next', async () => {
    const { queue, calls, sender } = open(async (parcel) => {
      if (parcel.text === 'a') throw new SendFault('refused', 'too_large')
      return 1
    })
    for (const text of ['a', 'b']) queue.add({ text })
    await sender.pump()
    expect(texts(calls)).toEqual(['a', 'b'])
    expect(queue.items()[0]).toMatchObject({ state: 'failed', code: 'too_large' })
  })

  it('waits as long as the server asks, then keeps the order', async () => {
    let limited = true
    const { queue, calls, sender } = open(async () => {
      if (limited) throw new SendFault('later', 'rate_limited', 2)
      return 1
    })
    for (const text of ['a', 'b']) queue.add({ text })
    const done = sender.pump()
    await vi.advanceTimersByTimeAsync(1_900)
    expect(calls).toHaveBeenCalledTimes(1)
    limited = false
    await vi.advanceTimersByTimeAsync(200)
    await done
    expect(texts(calls)).toEqual(['a', 'a', 'b'])
  })

  it('sends what is added while it is at work', async () => {
    const { queue, calls, sender } = open(async () => {
      await new Promise((resolve) => setTimeout(resolve, 10))
      return 1
    })
    queue.add({ text: 'a' })
    const done = sender.pump()
    await vi.advanceTimersByTimeAsync(5)
    queue.add({ text: 'b' })
    await vi.advanceTimersByTimeAsync(50)
    await done
    expect(texts(calls)).toEqual(['a', 'b'])
  })
})
