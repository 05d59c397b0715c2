import { get, post, type Page } from './client'
import type { Lift } from './veil'

export interface Consent {
  purpose: string
  channel: string
  recipient: string | null
  state: 'unknown' | 'granted' | 'refused' | 'withdrawn' | 'expired'
  since: string
  event_id: string
  notice_version: number
  current_notice: boolean
}

export interface Guardian {
  name: string
  relation: string
  proof: string
}

export interface ConsentEvent {
  id: string
  receipt: string
  event: string
  purpose: string
  channel: string
  recipient: string | null
  told_on: string
  assurance: string
  method: string
  actor: string
  occurred_at: string
  received_at: string
  notice: { hash: string; version: number; locale: string }
  readable: boolean
  prompt: string | null
  reply: string | null
  guardian: Guardian | null
}

export interface Purpose {
  id: string
  title: string
  text: string
  ask: string | null
  basis: 'contract' | 'consent'
  per_recipient: boolean
  /** The hash of the notice in force: what is recorded says which words were read out. */
  notice: string
  recipients: { id: string; name: string; notice: string }[]
}

export interface Choice {
  key: string
  event: string
  purpose: string
  channel: string
  recipient: string | null
  method: string
  prompt: string
  reply: string
  occurred_at: string
  notice: string | null
  guardian: Guardian | null
}

export interface Consents {
  items: Consent[]
  events: ConsentEvent[]
}

export const readConsents = (id: string, lift: Lift | null, signal?: AbortSignal): Promise<Consents> =>
  get(`/api/contacts/${id}/consents`, { query: { ...lift }, signal })
export const recordChoice = (id: string, choice: Choice): Promise<{ receipt: string }> =>
  post(`/api/contacts/${id}/consents`, choice)
export const listPurposes = (signal?: AbortSignal): Promise<Page<Purpose>> => get('/api/consent/purposes', { signal })
