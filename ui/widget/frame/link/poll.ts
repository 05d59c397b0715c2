import { type Api, ApiFault } from '../api'
import { CLOSE, type Message, type Page, readFrame, type Work } from '../protocol'
import { type Ending, faultOf, type Link, type LinkContext, type Parcel, SendFault, wire } from './link'

const WAIT_S = 25

interface Answer {
  ack: { client_msg_id: string; seq: number }
  messages?: Message[]
  working?: Work
}

/** The way by plain HTTP where sockets are blocked: POST to send, a long poll to hear. */
export class PollLink implements Link {
  readonly ready: Promise<boolean>
  readonly closed: Promise<Ending>
  private readonly abort = new AbortController()
  private welcomed = false
  private becomeReady!: (ready: boolean) => void
  private end!: (ending: Ending) => void

  constructor(
    private readonly api: Api,
    private readonly context: LinkContext,
  ) {
    this.ready = new Promise((resolve) => (this.becomeReady = resolve))
    this.closed = new Promise((resolve) => (this.end = resolve))
    void this.listen()
  }

  async send(parcel: Parcel): Promise<number> {
    try {
      const answer = await this.call<Answer>('/messages', wire(parcel))
      this.emitAll(answer)
      return answer.ack.seq
    } catch (error) {
      const fault = error as ApiFault
      if (fault.status === 429) throw faultOf('rate_limited', fault.retryAfter)
      if (!fault.passing && fault.status !== 401) throw new SendFault('refused', fault.code)
      this.finish(error)
      throw new SendFault('lost', fault.code, fault.retryAfter)
    }
  }

  /** Small hints: not worth a retry, the next one says as much. */
  private hint(path: string, body: unknown): void {
    this.api
      .fetch(path, { method: 'POST', body, token: this.context.token, signal: this.abort.signal })
      .catch(() => undefined)
  }

  typing(on: boolean): void {
    this.hint('/typing', { on })
  }

  received(seq: number): void {
    this.hint('/receipts', { received: seq })
  }

  read(seq: number): void {
    this.hint('/receipts', { read: seq })
  }

  check(): void {
    // The poll under way fails by itself when the way is broken.
  }

  close(code: number = CLOSE.lost): void {
    this.stop({ code, welcomed: this.welcomed })
  }

  private async listen(): Promise<void> {
    try {
      while (!this.abort.signal.aborted) await this.poll(this.welcomed ? WAIT_S : 0)
    } catch (error) {
      this.finish(error)
    }
  }

  private async poll(wait: number): Promise<void> {
    const path = `/messages?after=${this.context.last()}&wait=${wait}`
    const page = await this.api.json<Page>(path, {
      token: this.context.token,
      timeout: (wait + 10) * 1000,
      signal: this.abort.signal,
    })
    if (this.abort.signal.aborted) return
    this.welcomed = true
    this.becomeReady(true)
    const { seq, received_seq, read_seq } = page
    this.context.emit({ type: 'welcome', seq, received_seq, read_seq })
    if (page.reset) this.context.emit({ type: 'reset' })
    this.emitAll(page)
  }

  private emitAll({ messages, working }: Pick<Answer, 'messages' | 'working'>): void {
    for (const message of messages ?? []) this.emit({ ...message, type: 'message' })
    if (working) this.emit({ ...working, type: 'working' })
  }

  private emit(said: unknown): void {
    const frame = readFrame(said)
    if (frame) this.context.emit(frame)
  }

  private call<T>(path: string, body: unknown): Promise<T> {
    return this.api.json<T>(path, { method: 'POST', body, token: this.context.token, signal: this.abort.signal })
  }

  private finish(error: unknown): void {
    const { status, retryAfter } = error instanceof ApiFault ? error : new ApiFault(0, 'offline')
    const code = { 401: CLOSE.unauthorised, 403: CLOSE.origin, 429: CLOSE.tryLater, 503: CLOSE.tryLater }[status]
    this.stop({ code: code ?? CLOSE.lost, welcomed: this.welcomed, ...(retryAfter !== undefined && { retryAfter }) })
  }

  private stop(ending: Ending): void {
    if (this.abort.signal.aborted) return
    this.abort.abort()
    this.becomeReady(false)
    this.end(ending)
  }
}
