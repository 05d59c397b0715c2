import { get, post, put, remove, type Page } from './client'
import type { Lift } from './veil'

export interface Stand {
  is: string
  reason: string
  since: string
}

export interface Standing {
  value_class: Stand | null
  stage: Stand | null
}

export interface Tag {
  name: string
  by: string
  reason: string | null
  at: string
}

export interface Order {
  id: string
  source: string
  reference: string
  placed_at: string
  amount: number
  currency: string
  status: string
  lines: { sku: string; name: string; quantity: number; amount: number }[]
}

export interface Figures {
  known_since: string
  orders: number
  amount: number
  amount_year: number
  orders_year: number
  first_order_at: string | null
  last_order_at: string | null
  last_interaction_at: string | null
  interactions_quarter: number
  currency: string
}

export interface StandingChange {
  what: 'value_class' | 'stage' | 'tag'
  from: string | null
  to: string | null
  by: string
  reason: string | null
  at: string
}

export interface Value extends Standing {
  tags: Tag[]
  figures: Figures | null
  orders: Order[]
  changes: StandingChange[]
}

export interface Membership {
  id: string
  organisation_id: string
  person_id: string
  name: string
  role: string
  since: string
}

export interface OrganisationFacts {
  industry: string | null
  size: string | null
  region: string | null
}

export interface Organisation extends OrganisationFacts {
  members: Membership[]
  member_of: Membership[]
}

export const readValue = (id: string, lift: Lift | null, signal?: AbortSignal): Promise<Value> =>
  get(`/api/contacts/${id}/value`, { query: { ...lift }, signal })
export const assessNow = (id: string): Promise<Standing> => post(`/api/contacts/${id}/value`)
export const addTag = (id: string, name: string, reason: string): Promise<Page<Tag>> =>
  post(`/api/contacts/${id}/tags`, { name, reason })
export const removeTag = (id: string, name: string, reason: string): Promise<Page<Tag>> =>
  remove(`/api/contacts/${id}/tags`, { name, reason })
export const readOrganisation = (id: string, signal?: AbortSignal): Promise<Organisation> =>
  get(`/api/contacts/${id}/organisation`, { signal })
export const changeOrganisation = (id: string, facts: OrganisationFacts): Promise<Organisation> =>
  put(`/api/contacts/${id}/organisation`, facts)
export const addMember = (id: string, person_id: string, role: string): Promise<Organisation> =>
  post(`/api/contacts/${id}/members`, { person_id, role })
export const removeMember = (id: string, person: string): Promise<Organisation> =>
  remove(`/api/contacts/${id}/members/${person}`)
