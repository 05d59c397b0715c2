import { describe, expect, it } from 'vitest'
import type { Body, Message } from './protocol'
import type { Unsent } from './queue'
import { type MessageEntry, timeline } from './timeline'

const NOW = new Date('2026-11-21T12:00:00')

function said(seq: number, direction: 'in' | 'out', body: Body, more: Partial<Message> = {}): Message {
  const author = direction === 'in' ? 'customer' : 'bot'
  return { type: 'message', seq, id: `id-${seq}`, direction, author, body, at: NOW.toISOString(), ...more }
}

function unsent(id: string, more: Partial<Unsent>): Unsent {
  return { client_msg_id: id, at: NOW.toISOString(), state: 'waiting', ...more }
}

function messages(thread: Message[], queue: Unsent[] = [], staffRead = 0): MessageEntry[] {
  const entries = timeline({ messages: thread, staffRead }, queue, 'en', NOW)
  return entries.filter((entry): entry is MessageEntry => entry.kind === 'message')
}

const offer = said(1, 'out', { text: '?', choices: [{ id: 'article:a', label: 'A' }, { id: 'person', label: 'A person' }] })

describe('the timeline', () => {
  it('keeps a message in its place from typing to delivery', () => {
    const [typed] = messages([], [unsent('m1', { text: 'hello' })])
    const [sent] = messages([], [unsent('m1', { text: 'hello', state: 'acknowledged', seq: 1 })])
    const [there] = messages([said(1, 'in', { text: 'hello' }, { client_msg_id: 'm1' })])
    const [read] = messages([said(1, 'in', { text: 'hello' }, { client_msg_id: 'm1' })], [], 1)
    expect([typed, sent, there, read].map((entry) => [entry?.key, entry?.mark])).toEqual([
      ['m1', 'waiting'],
      ['m1', 'acknowledged'],
      ['m1', 'delivered'],
      ['m1', 'read'],
    ])
  })

  it('shows a message once while both the thread and the queue have it', () => {
    const thread = [said(1, 'in', { text: 'hello' }, { client_msg_id: 'm1' })]
    expect(messages(thread, [unsent('m1', { text: 'hello' })])).toHaveLength(1)
  })

  it('closes an offer as soon as one of its buttons is tapped, before the server knows', () => {
    expect(messages([offer])[0]?.used).toBeUndefined()
    const [shown, tap] = messages([offer], [unsent('m1', { choice: 'person', label: 'A person', after: 1 })])
    expect(shown?.used).toBe('person')
    expect(tap?.body.text).toBe('A person')
  })

  it('gives a tap from the thread the words of its button', () => {
    const [shown, tap] = messages([offer, said(2, 'in', { choice: 'article:a' })])
    expect(shown?.used).toBe('article:a')
    expect(tap?.body.text).toBe('A')
  })

  it('closes the offer that was answered, not an older one with the same button', () => {
    const later = said(3, 'out', { text: '?', choices: [{ id: 'person', label: 'A person' }] })
    const [first, , second] = messages([offer, said(2, 'in', { text: 'hm' }), later, said(4, 'in', { choice: 'person' })])
    expect(first?.used).toBeUndefined()
    expect(second?.used).toBe('person')
  })

  it('leaves what was refused where it was written, and what waits at the end', () => {
    const thread = [said(1, 'in', { text: 'a' }), said(2, 'out', { text: 'b' })]
    const queue = [unsent('m1', { text: 'refused', state: 'failed', after: 1 }), unsent('m2', { text: 'waits', after: 1 })]
    expect(messages(thread, queue).map((entry) => entry.body.text)).toEqual(['a', 'refused', 'b', 'waits'])
  })

  it('names each day once', () => {
    const before = new Date(NOW.getTime() - 86_400_000).toISOString()
    const thread = [said(1, 'in', { text: 'a' }, { at: before }), said(2, 'out', { text: 'b' }, { at: before }), said(3, 'in', { text: 'c' })]
    const days = timeline({ messages: thread, staffRead: 0 }, [], 'en', NOW).filter((entry) => entry.kind === 'day')
    expect(days.map((day) => day.label)).toEqual(['Yesterday', 'Today'])
  })
})
