import type { Message } from './protocol'
import { type Store, THREAD_KEY } from './store'

export type Taken = 'shown' | 'known' | 'early'

interface Kept {
  visitor: string
  last: number
  staffRead: number
  ownRead: number
  messages: Message[]
}

/** As many as the server replays, and far below what a browser stores. */
const KEPT_MESSAGES = 500

/**
 * The visitor's messages in order of seq, without doubles and without gaps.
 *
 * A message that comes before its predecessors waits until they are there. `last` is the cursor:
 * everything up to it is shown, and the server replays what comes after it.
 */
export class Thread {
  messages: Message[] = []
  last = 0
  /** Highest seq that staff, or the customer in any tab, has read. */
  staffRead = 0
  ownRead = 0
  private visitor = ''
  private early = new Map<number, Message>()
  /** After a reset the history begins at whatever seq the server sends first. */
  private anew = false

  constructor(
    private readonly store: Store,
    private readonly changed: () => void,
  ) {}

  /** Shows the copy of this visitor's thread, or begins an empty one. */
  load(visitor: string): void {
    const kept = this.store.read<Kept>(THREAD_KEY)
    this.visitor = visitor
    this.empty()
    if (kept?.visitor === visitor && Array.isArray(kept.messages)) {
      this.messages = kept.messages
      this.last = kept.last
      this.staffRead = kept.staffRead
      this.ownRead = kept.ownRead
    }
    this.changed()
  }

  /** Keeps a copy for the next load, unless another tab is already further. */
  keep(): void {
    if (!this.visitor) return
    const kept = this.store.read<Kept>(THREAD_KEY)
    if (kept?.visitor === this.visitor && kept.last > this.last) return
    const { visitor, last, staffRead, ownRead } = this
    this.store.set(THREAD_KEY, { visitor, last, staffRead, ownRead, messages: this.messages.slice(-KEPT_MESSAGES) })
  }

  /** Another tab kept a copy: what was read there is read here. */
  follow(): void {
    const kept = this.store.read<Kept>(THREAD_KEY)
    if (kept?.visitor === this.visitor) this.readByCustomer(kept.ownRead)
  }

  accept(message: Message): Taken {
    if (message.seq <= this.last) return 'known'
    if (message.seq > this.last + 1 && !this.anew) {
      this.early.set(message.seq, message)
      return 'early'
    }
    this.anew = false
    this.append(message)
    for (let next = this.early.get(this.last + 1); next; next = this.early.get(this.last + 1)) {
      this.early.delete(next.seq)
      this.append(next)
    }
    this.changed()
    return 'shown'
  }

  /** True while a message waits for a predecessor that has not come. */
  get gap(): boolean {
    return this.early.size > 0
  }

  /** The server's word that our copy is no longer of use. */
  reset(): void {
    this.empty()
    this.store.remove(THREAD_KEY)
    this.anew = true
    this.changed()
  }

  readByStaff(seq: number): void {
    if (seq <= this.staffRead) return
    this.staffRead = seq
    this.changed()
  }

  readByCustomer(seq: number): void {
    if (seq <= this.ownRead) return
    this.ownRead = seq
    this.changed()
  }

  get unread(): number {
    return this.messages.filter((message) => message.direction === 'out' && message.seq > this.ownRead).length
  }

  private append(message: Message): void {
    this.messages.push(message)
    this.last = message.seq
  }

  private empty(): void {
    this.messages = []
    this.early.clear()
    this.last = this.staffRead = this.ownRead = 0
    this.anew = false
  }
}
