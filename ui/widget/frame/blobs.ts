import { type Api, ApiFault } from './api'
import type { Attachment } from './protocol'
import type { Session, Sessions } from './session'
import { upload } from './upload'

/** The visitor's pictures and files on the server; a token that has run out is renewed once. */
export class Blobs {
  private readonly fetched = new Map<string, Promise<string>>()

  constructor(
    private readonly api: Api,
    private readonly sessions: Sessions,
  ) {}

  /**
   * The blob: address of an attachment. The token travels in a header, so that neither a log nor
   * the browser's history ever holds it.
   */
  address(id: string): Promise<string> {
    const known = this.fetched.get(id)
    if (known) return known
    const address = this.withToken(async ({ token }) => {
      const response = await this.api.fetch(`/blobs/${encodeURIComponent(id)}`, { token, timeout: 60_000 })
      return URL.createObjectURL(await response.blob())
    })
    this.fetched.set(id, address)
    address.catch(() => this.fetched.delete(id))
    return address
  }

  upload(file: File, progress: (share: number) => void): Promise<Attachment> {
    return this.withToken(({ token }) => upload(`${this.api.base}/blobs`, token, file, progress))
  }

  forget(): void {
    for (const address of this.fetched.values()) address.then((url) => URL.revokeObjectURL(url)).catch(() => undefined)
    this.fetched.clear()
  }

  private async withToken<T>(work: (session: Session) => Promise<T>): Promise<T> {
    const session = await this.sessions.obtain()
    try {
      return await work(session)
    } catch (error) {
      if (!(error instanceof ApiFault) || error.status !== 401) throw error
      return work(await this.sessions.renew(session.token))
    }
  }
}
