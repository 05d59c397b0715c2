import { get, type Page } from './client'
import type { Lift } from './veil'

export interface Choice {
  id: string
  label: string
}

export interface Body {
  text?: string
  choices?: Choice[]
  links?: { label: string; url: string }[]
  attachments?: { id: string; name: string; type: string; size: number }[]
  choice?: string
  article?: { id: string; question: string }
  /** Empty where the veil hides it. */
  location?: { latitude?: number; longitude?: number; label?: string }
  /** What a customer sent besides words; `missing` says why its file could not be had, `stand_in` that the text is
   * only the name of what came. */
  media?: { kind: string; missing?: string; stand_in?: boolean }
}

/** What became of a line that we send ourselves. */
export interface Delivery {
  /** `passive`: in the answer to what the customer wrote; whether it was taken is never known. */
  route: string | null
  reason: string | null
  /** Why it did not go out, or not yet, in the reader's language. */
  why: string | null
  /** The platform's own, and its id of the request. */
  code: string | null
  rid: string | null
  messages: number
  parts: number
  settled_at: string | null
  /** Where nobody knew what became of it: what was done about it, and who did it. */
  settled_as: 'arrived' | 'again' | null
  settled_by: string | null
}

export interface Message {
  seq: number
  id: string
  direction: 'in' | 'out'
  author: string
  body: Body
  at: string
  state: string | null
  delivery: Delivery | null
}

/** Where an attachment of a conversation can be read. */
export const filePath = (conversation: string, file: string): string =>
  `/api/conversations/${conversation}/files/${file}`

export function listMessages(
  conversation: string,
  after: number,
  limit: number,
  signal?: AbortSignal,
  lift: Lift | null = null,
): Promise<Page<Message>> {
  return get(`/api/conversations/${conversation}/messages`, { query: { after, limit, ...lift }, signal })
}
