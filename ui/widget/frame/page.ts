import { readToFrame, type ToFrame, type ToPage, wrap } from '../shared/messages'

/** The origin of the page around us, from the browser where it tells, else from what the loader wrote down. */
function surroundingOrigin(asked: string | null): string | undefined {
  const known = (location as Partial<Pick<Location, 'ancestorOrigins'>>).ancestorOrigins?.[0]
  return known ?? asked ?? undefined
}

/** The shop's page around the frame: heard only when it is our parent and of the expected origin. */
export class Page {
  readonly embedded = window.parent !== window
  private readonly origin: string | undefined

  constructor(asked: string | null, hear: (message: ToFrame) => void) {
    this.origin = surroundingOrigin(asked)
    window.addEventListener('message', (event) => {
      if (!this.embedded || event.source !== window.parent || event.origin !== this.origin) return
      const message = readToFrame(event.data)
      if (message) hear(message)
    })
  }

  tell(message: ToPage): void {
    if (this.embedded && this.origin) window.parent.postMessage(wrap(message), this.origin)
  }
}
