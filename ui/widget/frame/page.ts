import { readToFrame, type ToFrame, type ToPage, wrap } from '../shared/messages'

/** The origin of the page around us, from the browser where it tells, else from what the loader wrote down. */
function surroundingOrigin(asked: string | null): string | undefined {
  const known = (location as Partial<Pick<Location, 'ancestorOrigins'>>).ancestorOrigins?.[0]
  return known ?? asked ?? undefined
}

const RESTORE_WITHIN_MS = 2_000

/** The shop's page around the frame: heard only when it is our parent and of the expected origin. */
export class Page {
  readonly embedded = window.parent !== window
  private readonly origin: string | undefined
  private restored: ((entries: Record<string, string>) => void) | undefined

  constructor(asked: string | null, hear: (message: Exclude<ToFrame, { type: 'kept' }>) => void) {
    this.origin = surroundingOrigin(asked)
    window.addEventListener('message', (event) => {
      if (!this.embedded || event.source !== window.parent || event.origin !== this.origin) return
      const message = readToFrame(event.data)
      if (message?.type === 'kept') this.restored?.(message.entries)
      else if (message) hear(message)
    })
  }

  /** What the page has kept for us; empty when it does not answer soon. */
  restore(): Promise<Record<string, string>> {
    this.tell({ type: 'restore' })
    return new Promise((resolve) => {
      this.restored = resolve
      setTimeout(() => resolve({}), RESTORE_WITHIN_MS)
    })
  }

  tell(message: ToPage): void {
    if (this.embedded && this.origin) window.parent.postMessage(wrap(message), this.origin)
  }
}
