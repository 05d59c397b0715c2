import type { Attachment } from './protocol'
import type { Store } from './store'

/** What the customer sends; exactly one of the three. */
export interface Draft {
  text?: string
  choice?: string
  attachments?: Attachment[]
}

export interface Unsent extends Draft {
  client_msg_id: string
  at: string
  /** What a tapped button said, and the last seq there was when this was written: for showing it, never sent. */
  label?: string
  after?: number
  state: 'waiting' | 'acknowledged' | 'failed'
  /** Place in the thread, known from the acknowledgement on. */
  seq?: number
  /** Why the server refused it. */
  code?: string
}

const START = 'queue:'

/**
 * The messages that the server has not shown back yet, in the order typed.
 *
 * Each has a key of its own in the store: two tabs may add and remove at the same time without
 * overwriting each other, which one list under one key could not promise. The id sorts by time
 * and is the `client_msg_id`, so a message re-sent after any crash is the same message.
 */
export class Queue {
  private last = 0

  constructor(
    private readonly store: Store,
    private readonly changed: () => void,
    private readonly now: () => number = Date.now,
  ) {}

  add(draft: Draft, shown: { label?: string; after?: number } = {}): Unsent {
    const item: Unsent = {
      ...draft,
      ...shown,
      client_msg_id: this.nextId(),
      at: new Date(this.now()).toISOString(),
      state: 'waiting',
    }
    this.write(item)
    return item
  }

  items(): Unsent[] {
    return this.store
      .keys(START)
      .map((key) => this.store.read<Unsent>(key))
      .filter((item): item is Unsent => typeof item?.client_msg_id === 'string')
  }

  /** The next to send: the oldest that is neither acknowledged nor refused. */
  head(): Unsent | undefined {
    return this.items().find((item) => item.state === 'waiting')
  }

  /** Kept until the thread shows it, so that a reload in between does not lose sight of it. */
  acknowledge(id: string, seq: number): void {
    this.change(id, (item) => ({ ...item, state: 'acknowledged', seq }))
  }

  fail(id: string, code: string): void {
    this.change(id, (item) => ({ ...item, state: 'failed', code }))
  }

  retry(id: string): void {
    this.change(id, ({ code: _code, ...item }) => ({ ...item, state: 'waiting' }))
  }

  remove(id: string): void {
    if (this.store.get(START + id) === null) return
    this.store.remove(START + id)
    this.changed()
  }

  /** Drops what the thread has up to `seq`, whichever tab sent it. */
  settle(seq: number): void {
    for (const item of this.items()) if (item.seq !== undefined && item.seq <= seq) this.remove(item.client_msg_id)
  }

  private change(id: string, update: (item: Unsent) => Unsent): void {
    const item = this.store.read<Unsent>(START + id)
    if (item) this.write(update(item))
  }

  private write(item: Unsent): void {
    this.store.set(START + item.client_msg_id, item)
    this.changed()
  }

  private nextId(): string {
    this.last = Math.max(this.now(), this.last + 1)
    const random = crypto.getRandomValues(new Uint8Array(8))
    const suffix = Array.from(random, (byte) => byte.toString(16).padStart(2, '0')).join('')
    return `${this.last.toString(36).padStart(9, '0')}-${suffix}`
  }
}
