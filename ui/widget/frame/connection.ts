import { ApiFault } from './api'
import { backoff } from './backoff'
import { type Ending, type Link, type LinkContext, type Parcel, SendFault } from './link/link'
import { CLOSE, type ServerFrame } from './protocol'
import type { Session } from './session'

export type Status =
  | { kind: 'connecting'; attempts: number }
  | { kind: 'online'; way: 'socket' | 'poll' }
  | { kind: 'offline' }
  | { kind: 'refused'; code: string }

export interface Ways {
  socket(context: LinkContext): Link
  poll(context: LinkContext): Link
}

export interface SessionSource {
  obtain(): Promise<Session>
  renew(refused: string): Promise<Session>
}

export interface Listener {
  status(status: Status): void
  frame(frame: ServerFrame): void
}

/** Sockets that failed this often in a row are taken for blocked, as long as plain HTTP works. */
const SOCKET_TRIES = 2
/** Our own word for an end that we wished for: no close code of a socket is 0. */
const RESTART = 0
const REFUSED_WAIT_MS = 300_000
const SOCKET_AGAIN_MS = 60_000
const SOCKET_AGAIN_LONGEST_MS = 600_000

/** Keeps one link to the server alive, by socket where possible and by plain HTTP otherwise, for ever. */
export class Connection {
  status: Status = { kind: 'connecting', attempts: 0 }
  private link: Link | undefined
  private attempts = 0
  private socketFailures = 0
  private wakeUp: (() => void) | undefined
  private stopped = false

  constructor(
    private readonly sessions: SessionSource,
    private readonly ways: Ways,
    private readonly last: () => number,
    private readonly listener: Listener,
    private readonly onLine: () => boolean = () => navigator.onLine,
  ) {}

  /** Runs until `stop`; to be called once. */
  async run(): Promise<void> {
    while (!this.stopped) {
      let pause: number
      try {
        pause = await this.live(await this.sessions.obtain())
      } catch (error) {
        pause = this.missed(error)
      }
      if (!this.stopped && pause > 0) await this.sleep(pause)
    }
  }

  stop(): void {
    this.stopped = true
    this.link?.close()
    this.wakeUp?.()
  }

  async send(parcel: Parcel): Promise<number> {
    if (!this.link || this.status.kind !== 'online') throw new SendFault('lost', 'offline')
    return this.link.send(parcel)
  }

  typing(on: boolean): void {
    this.link?.typing(on)
  }

  received(seq: number): void {
    this.link?.received(seq)
  }

  read(seq: number): void {
    this.link?.read(seq)
  }

  /** The network is back, or somebody looks at the page again: do not wait any longer. */
  wake(): void {
    this.attempts = 0
    if (this.wakeUp) this.wakeUp()
    else this.link?.check()
  }

  /** The browser knows that the network is gone. */
  lose(): void {
    this.link?.close()
  }

  /** Begins anew, for another session or because a message is missing. */
  restart(): void {
    // Not while a session is being asked for: refused tokens must keep their growing pauses.
    if (!this.link && !this.wakeUp) return
    this.attempts = 0
    this.link?.close(RESTART)
    this.wakeUp?.()
  }

  /** One link from welcome to end; answers the milliseconds to wait before the next. */
  private async live(session: Session): Promise<number> {
    const context = this.context(session)
    const polling = this.socketFailures >= SOCKET_TRIES
    if (this.status.kind !== 'offline') this.report({ kind: 'connecting', attempts: this.attempts })
    const link = polling ? this.ways.poll(context) : this.ways.socket(context)
    this.link = link
    if (await link.ready) {
      this.attempts = 0
      if (!polling) this.socketFailures = 0
      this.report({ kind: 'online', way: polling ? 'poll' : 'socket' })
    }
    const ending = polling ? await this.pollUntilSockets(link, context) : await link.closed
    this.link = undefined
    return this.after(ending, polling, session)
  }

  private context(session: Session): LinkContext {
    return { token: session.token, last: this.last, emit: (frame) => this.listener.frame(frame) }
  }

  /** While polling works, tries a socket now and then beside it and moves over when it is welcomed. */
  private async pollUntilSockets(poll: Link, context: LinkContext): Promise<Ending> {
    let wait = SOCKET_AGAIN_MS
    for (;;) {
      let timer: ReturnType<typeof setTimeout> | undefined
      const pause = new Promise<undefined>((resolve) => (timer = setTimeout(() => resolve(undefined), wait)))
      const ended = await Promise.race([poll.closed, pause])
      clearTimeout(timer)
      if (ended) return ended
      const socket = this.ways.socket(context)
      // The poll may end meanwhile, also because the session is another's now: a socket of the old one must not go on.
      const first = await Promise.race([poll.closed, socket.ready])
      if (typeof first === 'object') {
        socket.close()
        return first
      }
      if (first) {
        poll.close()
        this.link = socket
        this.socketFailures = 0
        this.report({ kind: 'online', way: 'socket' })
        return socket.closed
      }
      wait = Math.min(wait * 2, SOCKET_AGAIN_LONGEST_MS)
    }
  }

  private async after(ending: Ending, polling: boolean, session: Session): Promise<number> {
    if (this.stopped || ending.code === RESTART) return 0
    if (ending.code === CLOSE.origin) return this.refuse('origin_refused')
    if (ending.code === CLOSE.unauthorised) {
      await this.sessions.renew(session.token)
      this.attempts++
      return this.attempts > 1 ? backoff(this.attempts) : 0
    }
    if (!ending.welcomed) this.socketFailures = polling ? 0 : this.socketFailures + 1
    if (!this.onLine()) this.report({ kind: 'offline' })
    else if (ending.welcomed && ending.code === CLOSE.goingAway) return 100 + Math.random() * 1400
    else if (!ending.welcomed && !polling && this.socketFailures === SOCKET_TRIES) return 0
    return this.wait(ending.retryAfter)
  }

  private missed(error: unknown): number {
    const fault = error instanceof ApiFault ? error : new ApiFault(0, 'offline')
    if (!fault.passing) return this.refuse(fault.code)
    return this.wait(fault.retryAfter)
  }

  private wait(retryAfter = 0): number {
    this.attempts++
    this.report(this.onLine() ? { kind: 'connecting', attempts: this.attempts } : { kind: 'offline' })
    return Math.max(backoff(this.attempts), retryAfter * 1000)
  }

  private refuse(code: string): number {
    this.report({ kind: 'refused', code })
    return REFUSED_WAIT_MS
  }

  private report(status: Status): void {
    this.status = status
    this.listener.status(status)
  }

  private async sleep(ms: number): Promise<void> {
    await new Promise<void>((resolve) => {
      const timer = setTimeout(resolve, ms)
      this.wakeUp = () => {
        clearTimeout(timer)
        resolve()
      }
    })
    this.wakeUp = undefined
  }
}
