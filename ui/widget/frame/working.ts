import type { Message } from './protocol'
import type { Store } from './store'

const KEY = 'working'

interface Kept {
  visitor: string
  /** The last line there was when it began. */
  seq: number
  /** When we heard of it, and how long it may take, in milliseconds. */
  since: number
  within: number
}

/**
 * What the bot has asked for elsewhere, until a line answers it or its time is over.
 *
 * Kept in the store: a reload and the other tabs know of it. Whoever finds it over takes it away.
 */
export class Working {
  private timer: ReturnType<typeof setTimeout> | undefined

  constructor(
    private readonly store: Store,
    private readonly show: (on: boolean) => void,
    private readonly now: () => number = Date.now,
  ) {}

  /** The server's word: since which line, and for how many seconds at most; 0 when it has ended. */
  tell(visitor: string, seq: number, withinSeconds: number): void {
    if (withinSeconds <= 0) this.store.remove(KEY)
    else this.store.set(KEY, { visitor, seq, since: this.now(), within: withinSeconds * 1000 } satisfies Kept)
  }

  /** Shows what is so now; `settled` is false while lines that may have answered it are still to come. */
  update(visitor: string, messages: readonly Message[], settled: boolean): void {
    clearTimeout(this.timer)
    const kept = this.store.read<Kept>(KEY)
    if (!kept) return this.show(false)
    const left = kept.since + kept.within - this.now()
    const answered = messages.some(({ direction, seq }) => direction === 'out' && seq > kept.seq)
    // A clock that was set back would leave more than there was.
    const over = kept.visitor !== visitor || answered || !(left > 0 && left <= kept.within)
    if (over) this.store.remove(KEY)
    else this.timer = setTimeout(() => this.update(visitor, messages, settled), left)
    this.show(!over && settled)
  }
}
