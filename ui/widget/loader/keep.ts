/** This tab's storage on the shop's page, or undefined where even that is refused. */
function tabStorage(): Storage | undefined {
  try {
    return window.sessionStorage
  } catch {
    return undefined
  }
}

/**
 * What the shop's page remembers of the chat: whether there was one, and for a frame that has no
 * storage of its own (browsers that refuse it to embedded pages) its session and unsent messages,
 * for as long as the tab lives.
 */
export class Keep {
  private readonly prefix: string
  private readonly flag: string
  private readonly tab = tabStorage()

  constructor(account: string) {
    this.prefix = `yingda:${account}:`
    this.flag = `yingda-kept:${account}`
  }

  /** Whether there is a conversation to be told about. */
  get known(): boolean {
    try {
      return localStorage.getItem(this.flag) !== null || Object.keys(this.entries).length > 0
    } catch {
      return false
    }
  }

  remember(kept: boolean): void {
    try {
      if (kept && !Object.keys(this.entries).length) localStorage.setItem(this.flag, '1')
      else localStorage.removeItem(this.flag)
    } catch {
      // A browser without storage only loses the unread badge before the first click.
    }
  }

  get entries(): Record<string, string> {
    const own = Object.entries({ ...this.tab }).filter(([key]) => key.startsWith(this.prefix))
    return Object.fromEntries(own) as Record<string, string>
  }

  set(key: string, value: string | null): void {
    if (!key.startsWith(this.prefix)) return
    try {
      if (value === null) this.tab?.removeItem(key)
      else this.tab?.setItem(key, value)
    } catch {
      // Full: what is unsent then lasts as long as the frame.
    }
  }
}
