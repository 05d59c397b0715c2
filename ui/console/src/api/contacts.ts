import { get, type Page } from './client'

export interface Contact {
  id: string
  name: string | null
  locale: string | null
  created_at: string
  last_interaction_at: string | null
  channels: string[]
}

export interface Identity {
  id: string
  channel: string
  account: string
  external_id: string
  assurance: string | null
  created_at: string
}

export interface ConversationHead {
  id: string
  account: string
  opened_at: string
  closed_at: string | null
  owner: string | null
  last_seq: number
}

export interface ContactCard extends Contact {
  identities: Identity[]
  conversations: ConversationHead[]
}

export function listContacts(
  q: string,
  cursor: string | null,
  limit: number,
  signal?: AbortSignal,
): Promise<Page<Contact>> {
  return get('/api/contacts', { query: { q, cursor, limit }, signal })
}

export const readContact = (id: string, signal?: AbortSignal): Promise<ContactCard> =>
  get(`/api/contacts/${id}`, { signal })
