import type { Locale } from '../shared/locale'
import { Api, ApiFault } from './api'
import { Blobs } from './blobs'
import { Connection, type Status } from './connection'
import { PollLink } from './link/poll'
import { SocketLink } from './link/socket'
import { DEFAULT_LIMITS, type Limits, type ServerFrame, SUBPROTOCOL } from './protocol'
import { type Draft, Queue } from './queue'
import { Receipts } from './receipts'
import { Sender } from './sender'
import { type Session, Sessions, subject } from './session'
import type { Store } from './store'
import { Thread } from './thread'
import { Working } from './working'

export interface Watcher {
  /** Something to draw: messages, marks, limits or titles. */
  changed(): void
  status(status: Status): void
  typing(on: boolean): void
  /** The bot has asked for something elsewhere, and its answer is still to come. */
  working(on: boolean): void
  /** Whether a session is kept in this browser. */
  kept(kept: boolean): void
}

/** How long a missing message may be late before the thread is asked for again. */
const GAP_MS = 2_000

/** One visitor's conversation with one account: everything but the looks. */
export class Conversation {
  readonly thread: Thread
  readonly queue: Queue
  readonly blobs: Blobs
  readonly connection: Connection
  readonly sessions: Sessions
  private readonly sender: Sender
  private readonly receipts: Receipts
  private readonly working: Working
  private catchUpTo = Infinity
  private gapTimer: ReturnType<typeof setTimeout> | undefined
  private visitor: string | undefined
  private jwt: string | undefined

  constructor(
    base: string,
    private readonly store: Store,
    locale: () => Locale,
    private readonly watcher: Watcher,
  ) {
    const api = new Api(base)
    this.thread = new Thread(store, () => watcher.changed())
    this.queue = new Queue(store, () => watcher.changed())
    this.sessions = new Sessions(store, api, locale, (session) => this.belongTo(session))
    this.blobs = new Blobs(api, this.sessions)
    const address = `${base.replace(/^http/, 'ws')}/socket`
    this.connection = new Connection(
      {
        obtain: async () => this.adopt(await this.sessions.obtain()),
        renew: async (refused) => this.adopt(await this.sessions.renew(refused)),
      },
      {
        socket: (context) => new SocketLink(new WebSocket(address, SUBPROTOCOL), context),
        poll: (context) => new PollLink(api, context),
      },
      () => this.thread.last,
      { status: (status) => this.statusChanged(status), frame: (frame) => this.take(frame) },
    )
    this.sender = new Sender(this.queue, `${store.prefix}send`, (parcel) => this.connection.send(parcel))
    this.receipts = new Receipts(this.thread, this.connection)
    this.working = new Working(store, (on) => watcher.working(on))
  }

  /** Shows what this browser remembers, then connects, for ever. */
  start(): void {
    this.follow()
    void this.connection.run()
  }

  get limits(): Limits {
    return this.sessions.current?.limits ?? DEFAULT_LIMITS
  }

  /** While the history comes in it need not be announced message by message. */
  get catchingUp(): boolean {
    return this.thread.last < this.catchUpTo
  }

  /** Queues what the customer wrote or tapped; `label` is what the button said. */
  say(draft: Draft, label?: string): void {
    this.queue.add(draft, { after: this.thread.last, ...(label !== undefined && { label }) })
    void this.sender.pump()
  }

  retry(id: string): void {
    this.queue.retry(id)
    void this.sender.pump()
  }

  seen(seen: boolean): void {
    this.receipts.update(seen)
  }

  /** Another tab changed what we share: its session is ours, its unsent messages show here too. */
  follow(): void {
    const session = this.sessions.current
    if (session?.visitor !== this.visitor) this.belongTo(session)
    this.thread.follow()
    this.updateWorking()
    this.watcher.changed()
    void this.sender.pump()
  }

  /** Clears this browser and begins as an unknown visitor. */
  forget(): void {
    this.store.clear()
    this.blobs.forget()
    this.belongTo(undefined)
  }

  /** The shop's word on who is logged in; answers the code of a refusal. */
  async identify(jwt: string | null): Promise<string | undefined> {
    this.jwt = undefined
    const before = this.sessions.current?.identity
    if (before && (jwt === null || before !== subject(jwt))) this.forget()
    if (jwt === null) return undefined
    try {
      await this.sessions.identify(jwt)
      return undefined
    } catch (error) {
      if (!(error instanceof ApiFault)) throw error
      if (error.passing) this.jwt = jwt
      return error.code
    }
  }

  /** A session that another tab obtained may be another visitor's. */
  private adopt(session: Session): Session {
    if (session.visitor !== this.visitor) this.belongTo(session)
    return session
  }

  private belongTo(session: Session | undefined): void {
    if (session?.visitor !== this.visitor || !session) {
      this.visitor = session?.visitor
      this.catchUpTo = Infinity
      this.thread.load(session?.visitor ?? '')
    }
    this.updateWorking()
    this.watcher.kept(session !== undefined)
    this.watcher.changed()
    this.connection.restart()
  }

  private statusChanged(status: Status): void {
    this.watcher.status(status)
    this.updateWorking()
    if (status.kind !== 'online') {
      this.watcher.typing(false)
      return
    }
    void this.sender.pump()
    if (this.jwt) void this.identify(this.jwt)
  }

  private take(frame: ServerFrame): void {
    switch (frame.type) {
      case 'welcome':
        this.catchUpTo = frame.seq
        this.receipts.begin(frame.received_seq, frame.read_seq)
        this.updateWorking()
        this.watcher.changed()
        break
      case 'reset':
        this.thread.reset()
        // Its line number is of the thread that is gone.
        this.working.tell(this.visitor ?? '', 0, 0)
        this.updateWorking()
        break
      case 'message': {
        const taken = this.thread.accept(frame)
        if (frame.client_msg_id) this.queue.remove(frame.client_msg_id)
        if (taken === 'shown') this.queue.settle(this.thread.last)
        if (taken === 'shown' && frame.direction === 'out') this.watcher.typing(false)
        this.updateWorking()
        this.watchGap()
        break
      }
      case 'ack':
        this.queue.acknowledge(frame.client_msg_id, frame.seq)
        break
      case 'typing':
        this.watcher.typing(frame.on)
        break
      case 'working':
        this.working.tell(this.visitor ?? '', frame.seq, frame.within_s)
        this.updateWorking()
        break
      case 'read':
        this.thread.readByStaff(frame.seq)
        break
    }
  }

  /** Without a connection nobody knows whether it still goes on. */
  private updateWorking(): void {
    const settled = this.connection.status.kind === 'online' && !this.catchingUp
    this.working.update(this.visitor ?? '', this.thread.messages, settled)
  }

  /** A message whose predecessor does not come is no reason to wait for ever: ask again from the cursor. */
  private watchGap(): void {
    if (!this.thread.gap) {
      clearTimeout(this.gapTimer)
      this.gapTimer = undefined
      return
    }
    this.gapTimer ??= setTimeout(() => {
      this.gapTimer = undefined
      if (this.thread.gap) this.connection.restart()
    }, GAP_MS)
  }
}
