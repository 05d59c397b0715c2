import { fetchFile, get, post, put, type Page } from './client'

export interface Terms {
  agreement: string
  agreement_until: string
  purpose: string
  basis: string
  fields: string[]
  /** ISO 3166, two capitals. */
  country: string
  contact: string
  active: boolean
}

export interface ThirdParty extends Terms {
  id: string
  version: number
  name: string
  set_by: string
  at: string
}

export interface Transfer {
  id: string
  at: string
  recipient: string
  purpose: string
  fields: string[]
  contact_id: string | null
  basis: string | null
  refused: string | null
  use_id: string | null
  by: string
}

export interface NewUse {
  kind: string
  purpose: string
  what_for: string
  fields: string[]
  segment: unknown
  contact_ids: string[] | null
  deidentified: boolean
  why_identified: string | null
  recipient: string | null
}

export interface Use extends NewUse {
  id: string
  asked_by: string
  asked_at: string
  decision: 'approved' | 'refused' | null
  decided_by: string | null
  decided_at: string | null
  reason: string | null
  valid_until: string | null
  used_at: string | null
  times_used: number
}

export interface Access {
  id: string
  at: string
  actor: string
  action: string
  data_kind: string
  contact_ids: string[]
  purpose: string
  reason: string | null
  trace_id: string
}

export interface AccessFilter {
  staff_id: string
  contact_id: string
  since: string
  until: string
}

export const listThirdParties = (signal?: AbortSignal): Promise<Page<ThirdParty>> =>
  get('/api/third-parties', { signal })
export const readThirdParty = (id: string, signal?: AbortSignal): Promise<ThirdParty & { versions: ThirdParty[] }> =>
  get(`/api/third-parties/${id}`, { signal })
export const addThirdParty = (name: string, terms: Terms): Promise<ThirdParty> =>
  post('/api/third-parties', { name, ...terms })
export const changeThirdParty = (id: string, terms: Terms, expected_version: number): Promise<ThirdParty> =>
  put(`/api/third-parties/${id}`, { ...terms, expected_version })
export const listTransfers = (
  filter: { outcome: string; recipient: string },
  cursor: string | null,
  limit: number,
  signal?: AbortSignal,
): Promise<Page<Transfer>> => get('/api/transfers', { query: { ...filter, cursor, limit }, signal })

export const listUses = (
  state: string,
  cursor: string | null,
  limit: number,
  signal?: AbortSignal,
): Promise<Page<Use>> => get('/api/uses', { query: { state, cursor, limit }, signal })
export const listUseFields = (signal?: AbortSignal): Promise<Page<{ id: string; identifying: boolean }>> =>
  get('/api/uses/fields', { signal })
export const askUse = (wanted: NewUse): Promise<Use> => post('/api/uses', wanted)
export const decideUse = (
  id: string,
  decision: 'approved' | 'refused',
  reason: string,
  valid_until: string | null,
): Promise<Use> => post(`/api/uses/${id}/decision`, { decision, reason, valid_until })

/** The approved rows as CSV, and how many there are, were left out, and look alike at least. */
export async function fetchUse(id: string): Promise<{ content: Blob; rows: number; leftOut: number; smallest: number }> {
  const { content, headers } = await fetchFile('POST', `/api/uses/${id}/export`)
  const told = (name: string): number => Number(headers.get(name) ?? 0)
  return { content, rows: told('X-Rows'), leftOut: told('X-Left-Out'), smallest: told('X-Smallest-Group') }
}

export const listAccesses = (
  filter: AccessFilter,
  cursor: string | null,
  limit: number,
  signal?: AbortSignal,
): Promise<Page<Access>> => get('/api/access-log', { query: { ...filter, cursor, limit }, signal })
