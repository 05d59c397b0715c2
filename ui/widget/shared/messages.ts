import { LOCALES, type Locale } from './locale'

export const THEMES = ['auto', 'light', 'dark'] as const

export type Theme = (typeof THEMES)[number]

/** What the shop's page may tell the frame. */
export type ToFrame =
  | { type: 'state'; open: boolean }
  | { type: 'focus' }
  | { type: 'draft'; text: string }
  | { type: 'settings'; locale?: Locale; theme?: Theme }
  | { type: 'identify'; jwt: string | null }
  | { type: 'kept'; entries: Record<string, string> }
  | { type: 'proof'; proof: string }

/**
 * What the frame may tell the shop's page: never a word of the conversation, except that a browser
 * that refuses the frame a storage of its own makes it ask the page to keep the session and what is
 * unsent (`restore`, `keep`), or both would be lost with every click in the shop.
 */
export type ToPage =
  | { type: 'ready' }
  | { type: 'close' }
  | { type: 'unread'; count: number }
  | { type: 'session'; kept: boolean }
  | { type: 'fault'; code: string }
  | { type: 'restore' }
  | { type: 'keep'; key: string; value: string | null }
  | { type: 'leave'; address: string }

/** Both sides mark their messages, since a page's other frames talk over the same event. */
const MARK = 'yingda'

export function wrap(message: ToFrame | ToPage): Record<string, unknown> {
  return { ...message, mark: MARK }
}

function fields(data: unknown): Record<string, unknown> | undefined {
  if (typeof data !== 'object' || data === null) return undefined
  const record = data as Record<string, unknown>
  return record['mark'] === MARK ? record : undefined
}

function oneOf<T extends string>(allowed: readonly T[], value: unknown): T | undefined {
  return allowed.find((item) => item === value)
}

/** Reads a message from the page; undefined for everything that is not exactly ours. */
export function readToFrame(data: unknown): ToFrame | undefined {
  const record = fields(data)
  switch (record?.['type']) {
    case 'state':
      return { type: 'state', open: record['open'] === true }
    case 'focus':
      return { type: 'focus' }
    case 'draft':
      return typeof record['text'] === 'string' ? { type: 'draft', text: record['text'] } : undefined
    case 'settings': {
      const locale = oneOf(LOCALES, record['locale'])
      const theme = oneOf(THEMES, record['theme'])
      return { type: 'settings', ...(locale && { locale }), ...(theme && { theme }) }
    }
    case 'identify': {
      const jwt = record['jwt']
      return typeof jwt === 'string' || jwt === null ? { type: 'identify', jwt } : undefined
    }
    case 'kept': {
      const entries = Object.entries(record['entries'] ?? {})
      return { type: 'kept', entries: Object.fromEntries(entries.filter(([, value]) => typeof value === 'string')) }
    }
    case 'proof':
      return typeof record['proof'] === 'string' ? { type: 'proof', proof: record['proof'] } : undefined
    default:
      return undefined
  }
}

/** Reads a message from the frame; undefined for everything that is not exactly ours. */
export function readToPage(data: unknown): ToPage | undefined {
  const record = fields(data)
  switch (record?.['type']) {
    case 'ready':
      return { type: 'ready' }
    case 'close':
      return { type: 'close' }
    case 'unread':
      return typeof record['count'] === 'number' ? { type: 'unread', count: record['count'] } : undefined
    case 'session':
      return { type: 'session', kept: record['kept'] === true }
    case 'fault':
      return typeof record['code'] === 'string' ? { type: 'fault', code: record['code'] } : undefined
    case 'restore':
      return { type: 'restore' }
    case 'leave':
      return typeof record['address'] === 'string' ? { type: 'leave', address: record['address'] } : undefined
    case 'keep': {
      const { key, value } = record
      return typeof key === 'string' && (typeof value === 'string' || value === null) ? { type: 'keep', key, value } : undefined
    }
    default:
      return undefined
  }
}
