import type { Locale } from '../shared/locale'
import { dayLabel, isSameDay } from './i18n'
import type { Author, Body, Message } from './protocol'
import type { Unsent } from './queue'

export type Mark = 'waiting' | 'acknowledged' | 'delivered' | 'read' | 'failed'

export interface DayEntry {
  kind: 'day'
  key: string
  label: string
}

export interface MessageEntry {
  kind: 'message'
  /** The client_msg_id where there is one: a message keeps its place on screen from typing to "read". */
  key: string
  author: Author
  body: Body
  at: string
  seq?: number
  /** The choice that was tapped; set, all buttons of the message are done with. */
  used?: string
  /** On the customer's own messages. */
  mark?: Mark
  code?: string
}

export type Entry = DayEntry | MessageEntry

function fromThread(message: Message, staffRead: number): MessageEntry {
  const { author, body, at, seq } = message
  const own = message.direction === 'in'
  return {
    kind: 'message',
    key: (own && message.client_msg_id) || message.id,
    author: own ? 'customer' : author,
    body,
    at,
    seq,
    ...(own && { mark: seq <= staffRead ? 'read' : 'delivered' }),
  }
}

function fromQueue(item: Unsent): MessageEntry {
  const { text, choice, attachments, label, code } = item
  const said = text ?? label
  return {
    kind: 'message',
    key: item.client_msg_id,
    author: 'customer',
    body: { ...(said !== undefined && { text: said }), ...(choice && { choice }), ...(attachments && { attachments }) },
    at: item.at,
    mark: item.state,
    ...(item.seq !== undefined && { seq: item.seq }),
    ...(code && { code }),
  }
}

/** Marks the offer that each tap answered, and gives a tap that came without words its button's label. */
function matchChoices(entries: MessageEntry[]): void {
  const offers = new Map<string, MessageEntry>()
  for (const entry of entries) {
    for (const choice of entry.body.choices ?? []) offers.set(choice.id, entry)
    const tapped = entry.author === 'customer' ? entry.body.choice : undefined
    const offer = tapped === undefined ? undefined : offers.get(tapped)
    if (!offer || tapped === undefined) continue
    offer.used ??= tapped
    const label = offer.body.choices?.find((choice) => choice.id === tapped)?.label
    if (!entry.body.text && label) entry.body = { ...entry.body, text: label }
  }
}

/**
 * What the log shows, in order: the thread by seq, then what is not yet in it as typed, days in
 * between. What was refused stays where it was written.
 */
export function timeline(
  thread: { messages: readonly Message[]; staffRead: number },
  queue: readonly Unsent[],
  locale: Locale,
  now: Date,
): Entry[] {
  const known = new Set(thread.messages.map((message) => message.client_msg_id))
  const messages = thread.messages.map((message) => fromThread(message, thread.staffRead))
  for (const item of queue) {
    if (known.has(item.client_msg_id)) continue
    const place = item.state === 'failed' ? messages.findIndex(({ seq = 0 }) => seq > (item.after ?? Infinity)) : -1
    messages.splice(place < 0 ? messages.length : place, 0, fromQueue(item))
  }
  matchChoices(messages)
  const entries: Entry[] = []
  let before: MessageEntry | undefined
  for (const entry of messages) {
    if (!before || !isSameDay(before.at, entry.at))
      entries.push({ kind: 'day', key: `day:${entry.key}`, label: dayLabel(entry.at, locale, now) })
    entries.push(entry)
    before = entry
  }
  return entries
}
