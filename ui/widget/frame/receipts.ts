import type { Thread } from './thread'

/** Tells the server what has been shown and read, each number once and never backwards. */
export class Receipts {
  private received = 0
  private read = 0

  constructor(
    private readonly thread: Thread,
    private readonly tell: { received(seq: number): void; read(seq: number): void },
  ) {}

  /** What the server knows, from its welcome; the customer may have read on in another tab. */
  begin(received: number, read: number): void {
    this.received = received
    this.read = read
    this.thread.readByCustomer(read)
  }

  /** To be called when messages came or when somebody looks; `seen` says whether somebody does. */
  update(seen: boolean): void {
    const last = this.thread.last
    if (last > this.received) {
      this.received = last
      this.tell.received(last)
    }
    if (!seen || last <= this.read) return
    this.read = last
    this.thread.readByCustomer(last)
    this.tell.read(last)
  }
}
