import { get, post, postForm } from './client'
import type { Lift } from './veil'

/** One conversation at the desk: waiting, or with a person. */
export interface Visit {
  id: string
  contact: { id: string; name: string } | null
  channel: string
  account: string
  locale: string
  owner: 'bot' | 'queue' | 'agent'
  mine: boolean
  /** The person who has it, by name. */
  agent: string | null
  /** Goes along with everything that is done to it; a stale one is refused. */
  fence: number
  urgent: boolean
  queued_at: string | null
  last_at: string
  closed_at: string | null
  /** What the customer wrote last. */
  preview: { text: string; files: number }
  unanswered: boolean
}

/** How much more may be sent: `left` messages (null: any number) until `until`, where it is `open`. */
export interface Reach {
  kind: 'open' | 'closed' | 'used_up' | 'unreachable' | 'passive' | 'told'
  left: number | null
  until: string | null
  /** Lines on their way. */
  waiting: number
  /** A text of more bytes of UTF-8 goes out as several messages. */
  text_bytes: number
}

export interface WholeVisit extends Visit {
  note: { reason: string | null; asked: string[]; tried: string[] } | null
  /** Null where nothing limits what may be said. */
  reach: Reach | null
}

export interface News {
  cursor: string
  waiting: number
  oldest: string | null
}

export type Leaving = 'to_queue' | 'to_bot' | 'resolve'
/** What a person says of a line of which nobody knows whether it has arrived. */
export type Settling = 'arrived' | 'again'

const WAIT_S = 20
const path = (id: string): string => `/api/queue/${id}`

export const listQueue = (signal?: AbortSignal): Promise<{ items: Visit[]; waiting: number }> =>
  get('/api/queue', { signal })
/** Where the desk stands; with `waits` the answer comes once it differs from `cursor`, or after twenty seconds. */
export const readNews = (cursor: string, waits: boolean, signal?: AbortSignal): Promise<News> =>
  get('/api/queue/news', { query: { cursor, wait: waits ? WAIT_S : 0 }, signal, within: (WAIT_S + 15) * 1000 })
export const readVisit = (id: string, lift: Lift | null, signal?: AbortSignal): Promise<WholeVisit> =>
  get(path(id), { query: { ...lift }, signal })
export const takeVisit = (id: string, step: string): Promise<WholeVisit> => post(`${path(id)}/take`, { step })
/** Words, files that were kept before, or both. */
const said = (text: string, files: string[]): { text?: string; files: string[] } => (text ? { text, files } : { files })
export const answerVisit = (
  id: string,
  step: string,
  fence: number,
  text: string,
  files: string[],
): Promise<{ seq: number }> => post(`${path(id)}/answer`, { step, fence, ...said(text, files) })
/** Keeps a file for an answer. */
export function keepFile(id: string, file: File): Promise<{ id: string }> {
  const form = new FormData()
  form.append('file', file)
  return postForm(`${path(id)}/files`, form)
}
export const leaveVisit = (id: string, step: string, fence: number, kind: Leaving): Promise<WholeVisit> =>
  post(`${path(id)}/leave`, { step, fence, kind })
export const showTyping = (id: string, on: boolean): Promise<void> => post(`${path(id)}/typing`, { on })
/** The messages that an answer would go out as: texts, and files by their names. */
export const previewAnswer = (id: string, text: string, files: string[]): Promise<{ messages: string[] }> =>
  post(`${path(id)}/preview`, said(text, files))
export const settleLine = (id: string, message: string, step: string, fence: number, kind: Settling): Promise<void> =>
  post(`${path(id)}/messages/${message}/settle`, { step, fence, kind })
