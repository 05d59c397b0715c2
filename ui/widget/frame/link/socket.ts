import { CLOSE, type ClientFrame, readFrame, type ServerFrame } from '../protocol'
import { type Ending, faultOf, type Link, type LinkContext, type Parcel, SendFault, wire } from './link'

export const PING_EVERY_MS = 20_000
export const PONG_WITHIN_MS = 8_000
export const WELCOME_WITHIN_MS = 10_000
export const ACK_WITHIN_MS = 15_000

type Timer = ReturnType<typeof setTimeout>

interface Waiting {
  id: string
  taken: (seq: number) => void
  failed: (fault: SendFault) => void
  timer: Timer
}

/** The way by WebSocket. Silence is not trusted: each ping must be followed by any frame in time. */
export class SocketLink implements Link {
  readonly ready: Promise<boolean>
  readonly closed: Promise<Ending>
  private welcomed = false
  private over = false
  private waiting: Waiting | undefined
  private heartbeat: Timer | undefined
  private silence: Timer | undefined
  private becomeReady!: (ready: boolean) => void
  private end!: (ending: Ending) => void

  constructor(
    private readonly socket: WebSocket,
    private readonly context: LinkContext,
  ) {
    this.ready = new Promise((resolve) => (this.becomeReady = resolve))
    this.closed = new Promise((resolve) => (this.end = resolve))
    this.expectLife(WELCOME_WITHIN_MS)
    socket.onopen = () => this.put({ type: 'hello', token: context.token, last_seq: context.last() })
    socket.onmessage = (event) => this.take(readFrame(event.data))
    socket.onclose = (event) => this.finish(event.code)
  }

  async send(parcel: Parcel): Promise<number> {
    if (this.over) throw new SendFault('lost', 'offline')
    return new Promise((taken, failed) => {
      // No acknowledgement in time means that the way is broken, whatever the socket believes.
      const timer = setTimeout(() => this.close(), ACK_WITHIN_MS)
      this.waiting = { id: parcel.client_msg_id, taken, failed, timer }
      this.put({ type: 'send', ...wire(parcel) })
    })
  }

  typing(on: boolean): void {
    this.put({ type: 'typing', on })
  }

  received(seq: number): void {
    this.put({ type: 'received', seq })
  }

  read(seq: number): void {
    this.put({ type: 'read', seq })
  }

  check(): void {
    if (!this.welcomed || this.over) return
    this.put({ type: 'ping' })
    this.expectLife(PONG_WITHIN_MS)
  }

  close(code: number = CLOSE.lost): void {
    // A dead network delays the browser's close event by minutes: do not wait for it.
    this.socket.onopen = this.socket.onmessage = this.socket.onclose = null
    this.socket.close()
    this.finish(code)
  }

  private take(frame: ServerFrame | undefined): void {
    clearTimeout(this.silence)
    this.silence = undefined
    if (!this.welcomed) this.expectLife(WELCOME_WITHIN_MS)
    if (!frame) return
    if (frame.type === 'welcome') this.welcome()
    if (frame.type === 'ack' && frame.client_msg_id === this.waiting?.id) this.settle()?.taken(frame.seq)
    if (frame.type === 'error') this.refuse(frame)
    this.context.emit(frame)
  }

  private welcome(): void {
    this.welcomed = true
    clearTimeout(this.silence)
    this.heartbeat = setInterval(() => this.check(), PING_EVERY_MS)
    this.becomeReady(true)
  }

  /** An error without an id can only be about what we sent last. */
  private refuse(error: Extract<ServerFrame, { type: 'error' }>): void {
    if (!this.waiting || (error.client_msg_id !== undefined && error.client_msg_id !== this.waiting.id)) return
    this.settle()?.failed(faultOf(error.code, error.retry_after))
  }

  private settle(): Waiting | undefined {
    const waiting = this.waiting
    clearTimeout(waiting?.timer)
    this.waiting = undefined
    return waiting
  }

  private expectLife(within: number): void {
    clearTimeout(this.silence)
    this.silence = setTimeout(() => this.close(), within)
  }

  private put(frame: ClientFrame): void {
    if (this.socket.readyState === 1) this.socket.send(JSON.stringify(frame))
  }

  private finish(code: number): void {
    if (this.over) return
    this.over = true
    clearTimeout(this.silence)
    clearInterval(this.heartbeat)
    this.settle()?.failed(new SendFault('lost', 'offline'))
    this.becomeReady(false)
    this.end({ code, welcomed: this.welcomed })
  }
}
