import type { Locale } from '../shared/locale'

export interface Choice {
  id: string
  label: string
}

export interface Link {
  label: string
  url: string
}

export interface Attachment {
  id: string
  name: string
  type: string
  size: number
}

/** The one message body of store, wire and console; at least text, attachments or choice is there. */
export interface Body {
  text?: string
  choices?: Choice[]
  links?: Link[]
  attachments?: Attachment[]
  choice?: string
  article?: { id: string; question: string }
}

export type Author = 'customer' | 'bot' | 'agent' | 'system'

export interface Message {
  type: 'message'
  /** Place in the visitor's thread: monotonic, without gaps. */
  seq: number
  id: string
  direction: 'in' | 'out'
  author: Author
  client_msg_id?: string
  body: Body
  at: string
}

export interface Welcome {
  type: 'welcome'
  seq: number
  received_seq: number
  read_seq: number
}

/** What the bot asked for elsewhere: since which line, and for how long it may go on; 0 when it has ended. */
export interface Work {
  seq: number
  within_s: number
}

export type ServerFrame =
  | Message
  | Welcome
  | { type: 'reset' }
  | { type: 'ack'; client_msg_id: string; seq: number }
  | { type: 'typing'; on: boolean }
  | { type: 'read'; seq: number }
  | ({ type: 'working' } & Work)
  | { type: 'pong' }
  | { type: 'error'; code: string; message: string; client_msg_id?: string; retry_after?: number }

export type ClientFrame =
  | { type: 'hello'; token: string; last_seq: number }
  | { type: 'send'; client_msg_id: string; text?: string; choice?: string; attachments?: string[] }
  | { type: 'typing'; on: boolean }
  | { type: 'received'; seq: number }
  | { type: 'read'; seq: number }
  | { type: 'ping' }

export interface Limits {
  text_bytes: number
  blob_bytes: number
  blob_types: string[]
}

export interface SessionAnswer {
  token: string
  expires_at: string
  locale: Locale
  account: { name: string; title: Partial<Record<Locale, string>> }
  limits: Limits
  /** The official account that the visitor may log in with. */
  wechat_login?: string
}

export interface Page {
  seq: number
  received_seq: number
  read_seq: number
  reset: boolean
  messages: Message[]
  working?: Work
}

export const SUBPROTOCOL = 'yingda.v1'

export const CLOSE = { goingAway: 1001, lost: 1006, tryLater: 1013, unauthorised: 4401, origin: 4403 } as const

export const DEFAULT_LIMITS: Limits = {
  text_bytes: 8192,
  blob_bytes: 10 * 1024 * 1024,
  blob_types: ['image/png', 'image/jpeg', 'image/gif', 'image/webp', 'application/pdf'],
}

const REQUIRED: Record<ServerFrame['type'], Record<string, string>> = {
  message: { seq: 'number', id: 'string', direction: 'string', author: 'string', body: 'object', at: 'string' },
  welcome: { seq: 'number' },
  reset: {},
  ack: { client_msg_id: 'string', seq: 'number' },
  typing: { on: 'boolean' },
  read: { seq: 'number' },
  working: { seq: 'number', within_s: 'number' },
  pong: {},
  error: { code: 'string' },
}

/** A checked frame of the server; undefined for what this version does not know, so newer servers may say more. */
export function readFrame(data: unknown): ServerFrame | undefined {
  let value: unknown = data
  if (typeof data === 'string') {
    try {
      value = JSON.parse(data)
    } catch {
      return undefined
    }
  }
  if (typeof value !== 'object' || value === null) return undefined
  const record = value as Record<string, unknown>
  const required = Object.entries(REQUIRED).find(([type]) => type === record['type'])?.[1]
  if (!required) return undefined
  const whole = Object.entries(required).every(([key, kind]) => record[key] !== null && typeof record[key] === kind)
  return whole ? (record as unknown as ServerFrame) : undefined
}
