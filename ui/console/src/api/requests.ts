import { fetchFile, get, post, type Page } from './client'
import type { Lift } from './veil'
import type { PrivacyRequest } from './privacy'

export interface RequestEvent {
  at: string
  by: string
  from_state: string | null
  to_state: string
  method: string | null
}

/** Another request of the same person that nobody has answered yet. */
export interface WaitingRequest {
  id: string
  kind: string
  state: string
  due_at: string
}

/** A request as its handler sees it; lists leave `events` empty, and out what only one request tells. */
export interface HandledRequest extends PrivacyRequest {
  contact_name: string
  checked_method: string | null
  checked_by: string | null
  erasure_id: string | null
  version: number
  ended_at: string | null
  ended_by: string | null
  /** A code: the grounds of the erasure that ended it. */
  ended_reason: string | null
  events: RequestEvent[]
  /** What an answer that erases would leave unanswered. */
  others_open?: WaitingRequest[]
  /** Living contacts with a phone or an e-mail of whom it erased. */
  shared_reach?: string[]
}

export interface Certificate {
  certificate: {
    id: string
    /** Certificates of earlier releases have none. */
    ended_unanswered?: { request: string; kind: string }[]
    erased_at: string
    erased: Record<string, number>
    /** `why` by language. */
    kept: { category: string; rows: number; law: string; why: Record<string, string>; until: string | null }[]
  }
}

const path = (id: string): string => `/api/privacy-requests/${id}`

/** By deadline, the overdue first; an empty filter lets everything through. */
export const listRequests = (
  filter: { state: string; kind: string },
  cursor: string | null,
  limit: number,
  signal?: AbortSignal,
): Promise<Page<HandledRequest>> => get('/api/privacy-requests', { query: { ...filter, cursor, limit }, signal })
export const readRequest = (id: string, lift: Lift | null, signal?: AbortSignal): Promise<HandledRequest> =>
  get(path(id), { query: { ...lift }, signal })
export const checkRequester = (id: string, method: string): Promise<HandledRequest> =>
  post(`${path(id)}/check`, { method })
export const startRequest = (id: string, expected_version: number): Promise<HandledRequest> =>
  post(`${path(id)}/start`, { expected_version })
export const answerRequest = (
  id: string,
  words: string,
  fields: Record<string, string | null> | null,
  end_others: boolean,
): Promise<HandledRequest> => post(`${path(id)}/answer`, { words, fields, end_others })
export const refuseRequest = (id: string, words: string): Promise<HandledRequest> =>
  post(`${path(id)}/refuse`, { words })
export const fetchExport = (id: string): Promise<{ content: Blob }> => fetchFile('GET', `${path(id)}/export.zip`)
export const fetchCertificate = (id: string): Promise<{ content: Blob }> =>
  fetchFile('GET', `${path(id)}/certificate`)
