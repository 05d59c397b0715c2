import type { Locale } from '../shared/locale'
import { type Api, ApiFault } from './api'
import { exclusively } from './exclusively'
import { DEFAULT_LIMITS, type Limits, type SessionAnswer } from './protocol'
import type { Store } from './store'

export interface Session {
  token: string
  expires_at: string
  visitor: string
  locale: Locale
  title: Partial<Record<Locale, string>>
  limits: Limits
  /** Whom the shop says is logged in. */
  identity?: string
  /** The official account to log in with, where there is one. */
  login?: string
}

const KEY = 'session'
/** A token this near its end is renewed before use. */
const RENEW_BEFORE_MS = 60_000

/** The subject of a JWT, read but not verified: only the server can do that. */
export function subject(jwt: string): string {
  try {
    const payload = (jwt.split('.')[1] ?? '').replace(/-/g, '+').replace(/_/g, '/')
    const claims = JSON.parse(atob(payload)) as { sub?: unknown }
    return typeof claims.sub === 'string' ? claims.sub : ''
  } catch {
    return ''
  }
}

/**
 * The one session of this browser with one account, shared by its tabs.
 *
 * `changed` is told of each session that this tab obtained from the server.
 */
export class Sessions {
  private pending: Promise<Session> | undefined

  constructor(
    private readonly store: Store,
    private readonly api: Api,
    private readonly locale: () => Locale,
    private readonly changed: (session: Session) => void,
  ) {}

  get current(): Session | undefined {
    const session = this.store.read<Session>(KEY)
    return session?.token ? session : undefined
  }

  /** A session that should be valid; asks the server only when there is none. */
  async obtain(): Promise<Session> {
    return this.fresh(this.current) ?? this.once((known) => this.fresh(known) ?? this.request(known))
  }

  /** Another token after `refused` was refused, unless another tab has it already. */
  async renew(refused: string): Promise<Session> {
    return this.once(async (known) => {
      if (known && known.token !== refused) return known
      try {
        return await this.request(known)
      } catch (error) {
        if (error instanceof ApiFault && error.status === 401) return this.request(undefined)
        throw error
      }
    })
  }

  /** Tells the server the language for what it says by itself. */
  async speak(locale: Locale): Promise<void> {
    if (this.current && this.current.locale !== locale) await this.once((known) => this.request(known))
  }

  /** Takes over the identity that the shop vouches for. The previous customer's session is never continued. */
  async identify(jwt: string): Promise<void> {
    const identity = subject(jwt)
    const known = this.current
    if (known?.identity && known.identity === identity) return
    if (known?.identity) this.store.remove(KEY)
    await this.once((now) => this.request(now, { jwt, identity }))
  }

  forget(): void {
    this.store.remove(KEY)
  }

  private fresh(session: Session | undefined): Session | undefined {
    if (!session) return undefined
    const ends = Date.parse(session.expires_at)
    return Number.isNaN(ends) || ends - Date.now() > RENEW_BEFORE_MS ? session : undefined
  }

  /** One request at a time in all tabs, or two tabs opened at once would become two visitors. */
  private async once(work: (known: Session | undefined) => Session | Promise<Session>): Promise<Session> {
    while (this.pending) await this.pending.catch(() => undefined)
    this.pending = exclusively(`${this.store.prefix}session`, async () => work(this.current))
    try {
      return await this.pending
    } finally {
      this.pending = undefined
    }
  }

  private async request(known: Session | undefined, login?: { jwt: string; identity: string }): Promise<Session> {
    const locale = this.locale()
    const answer = await this.api.json<SessionAnswer>('/session', {
      method: 'POST',
      locale,
      body: { locale, ...(known && { token: known.token }), ...(login && { identity: login.jwt }) },
    })
    // Cleared meanwhile: nobody wants to go on as the visitor whose session this is.
    if (known && !login && !this.current) return this.request(undefined)
    const identity = login ? login.identity : known?.identity
    const session: Session = {
      token: answer.token,
      expires_at: answer.expires_at,
      visitor: subject(answer.token) || answer.token,
      locale,
      title: answer.account?.title ?? {},
      limits: { ...DEFAULT_LIMITS, ...answer.limits },
      ...(identity && { identity }),
      ...(answer.wechat_login && { login: answer.wechat_login }),
    }
    this.store.set(KEY, session)
    this.changed(session)
    return session
  }
}
