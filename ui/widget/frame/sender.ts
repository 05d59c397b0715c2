import { exclusively } from './exclusively'
import { type Parcel, SendFault } from './link/link'
import type { Queue } from './queue'

type Outcome = 'sent' | 'empty' | 'lost' | number

/**
 * Sends the queue, one message at a time and one tab at a time.
 *
 * The lock is taken for each message, not for the tab's life: a tab without a connection never
 * holds up another that has one.
 */
export class Sender {
  private running = false
  private again = false

  constructor(
    private readonly queue: Queue,
    private readonly lock: string,
    private readonly send: (parcel: Parcel) => Promise<number>,
  ) {}

  /** To be called whenever there may be something to send or a way to send it. */
  async pump(): Promise<void> {
    this.again = true
    if (this.running) return
    this.running = true
    try {
      while (this.again) {
        this.again = false
        await this.drain()
      }
    } finally {
      this.running = false
    }
  }

  private async drain(): Promise<void> {
    while (this.queue.head()) {
      const outcome = await exclusively(this.lock, () => this.sendHead())
      if (outcome === 'empty' || outcome === 'lost') return
      if (typeof outcome === 'number') await new Promise((resolve) => setTimeout(resolve, outcome))
    }
  }

  private async sendHead(): Promise<Outcome> {
    const item = this.queue.head()
    if (!item) return 'empty'
    try {
      this.queue.acknowledge(item.client_msg_id, await this.send(item))
      return 'sent'
    } catch (error) {
      if (!(error instanceof SendFault)) throw error
      if (error.kind === 'lost') return 'lost'
      if (error.kind === 'later') return Math.max(1, error.retryAfter) * 1000
      this.queue.fail(item.client_msg_id, error.code)
      return 'sent'
    }
  }
}
