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
}

export interface Message {
  seq: number
  id: string
  direction: 'in' | 'out'
  author: string
  body: Body
  at: string
  state: string | null
}

export function listMessages(
  conversation: string,
  after: number,
  limit: number,
  signal?: AbortSignal,
  lift: Lift | null = null,
): Promise<Page<Message>> {
  return get(`/api/conversations/${conversation}/messages`, { query: { after, limit, ...lift }, signal })
}
