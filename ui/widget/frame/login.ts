import { type Api, ApiFault } from './api'
import type { Sessions } from './session'
import type { Store } from './store'

export type LoginState = 'none' | 'offered' | 'joined' | 'asked' | 'somebody_else' | 'failed'

interface Kept {
  secret?: string
  done?: boolean
}

export interface LoginWays {
  /** Sends the browser away; it comes back to the page that is open now. */
  leave(address: string): void
  show(state: LoginState): void
}

const KEY = 'login'
const SECRET_BYTES = 32

function base64url(bytes: Uint8Array): string {
  return btoa(String.fromCharCode(...bytes))
    .replace(/\+/g, '-')
    .replace(/\//g, '_')
    .replace(/=/g, '')
}

/** WeChat's log-in page opens in WeChat's own browser only, and the secret's hash only over HTTPS. */
function possible(): boolean {
  return /MicroMessenger/i.test(navigator.userAgent) && typeof crypto.subtle === 'object'
}

/** The log-in with WeChat: begun here with a secret that stays here, and ended here with what the page brings back. */
export class Login {
  constructor(
    private readonly base: string,
    private readonly api: Api,
    private readonly sessions: Pick<Sessions, 'obtain' | 'current'>,
    private readonly store: Store,
    private readonly ways: LoginWays,
  ) {}

  /** Offers it to whoever can and has not. */
  offer(): void {
    const wanted = this.sessions.current?.login && possible() && !this.store.read<Kept>(KEY)?.done
    this.ways.show(wanted ? 'offered' : 'none')
  }

  async begin(): Promise<void> {
    const account = this.sessions.current?.login
    if (!account) return
    const secret = base64url(crypto.getRandomValues(new Uint8Array(SECRET_BYTES)))
    const digest = await crypto.subtle.digest('SHA-256', new TextEncoder().encode(secret))
    this.store.set('login', { secret })
    const url = new URL(`${encodeURIComponent(account)}/oauth/start`, this.base.replace(/[^/]*$/, ''))
    url.searchParams.set('channel', decodeURIComponent(this.base.split('/').pop() ?? ''))
    url.searchParams.set('challenge', base64url(new Uint8Array(digest)))
    this.ways.leave(url.href)
  }

  /** Ends what this chat has begun; a proof of anything else is refused by the server. */
  async end(proof: string): Promise<void> {
    const secret = this.store.read<Kept>(KEY)?.secret
    if (!secret) return
    try {
      const session = await this.sessions.obtain()
      const answer = await this.api.json<{ joined: boolean }>('/wechat', {
        method: 'POST',
        token: session.token,
        locale: session.locale,
        body: { proof, secret },
      })
      this.store.set('login', { done: true })
      this.ways.show(answer.joined ? 'joined' : 'asked')
    } catch (error) {
      if (!(error instanceof ApiFault)) throw error
      this.store.remove(KEY)
      this.ways.show(error.code === 'login_somebody_else' ? 'somebody_else' : 'failed')
    }
  }
}
