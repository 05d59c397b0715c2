import { get, patch, post } from './client'
import type { Identity } from './contacts'
import type { Suggestion } from './merges'
import type { Lift } from './veil'

export interface Fact {
  field: string
  label: string
  value: string | null
  assurance: string
  source: string
  set_by: string
  at: string
  superseded_at: string | null
}

export interface Merge {
  id: string
  source_id: string
  source_name: string
  target_id: string
  by: string
  reason: string
  at: string
  undone_at: string | null
  undone_by: string | null
}

export interface Profile {
  /** The root of the merged family, which may be another id than was asked for. */
  id: string
  name: string
  kind: 'person' | 'organisation'
  version: number
  locale: string
  created_at: string
  updated_at: string
  owner_id: string | null
  lawful_basis: string | null
  quarantined: boolean
  restricted_at: string | null
  completeness: number
  fresh_at: string | null
  identities: (Identity & { reachable: boolean })[]
  merged: string[]
  facts: Fact[]
  history: Fact[]
  merges: Merge[]
  suggestions: Suggestion[]
}

export interface ProfileChange {
  expected_version: number
  fields?: Record<string, string | null>
  owner_id?: string | null
  reviewed?: boolean
}

export interface LoggedTalk {
  idempotency_key: string
  channel: 'phone' | 'visit'
  direction: 'in' | 'out'
  occurred_at: string
  content: string
  result: string
}

export const readProfile = (id: string, lift: Lift | null, signal?: AbortSignal): Promise<Profile> =>
  get(`/api/contacts/${id}/profile`, { query: { ...lift }, signal })
export const changeProfile = (id: string, change: ProfileChange): Promise<Profile> =>
  patch(`/api/contacts/${id}/profile`, change)
export const logTalk = (id: string, talk: LoggedTalk): Promise<{ id: string }> =>
  post(`/api/contacts/${id}/interactions`, talk)
