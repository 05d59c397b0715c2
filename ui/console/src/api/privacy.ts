import { get, post, type Page } from './client'

export interface PrivacyRequest {
  id: string
  contact_id: string
  kind: string
  state: string
  assurance: string
  opened_at: string
  opened_by: string
  due_at: string
  /** The year's holidays are not published yet: the deadline may move by a day or two. */
  provisional: boolean
  overdue: boolean
  handled_by: string | null
  answered_at: string | null
  words: string | null
  answer: string | null
}

export const listRequestsOf = (contact: string, signal?: AbortSignal): Promise<Page<PrivacyRequest>> =>
  get(`/api/contacts/${contact}/privacy-requests`, { signal })
export const openRequest = (
  contact: string,
  wanted: { kind: string; words: string | null; identity_id: string | null },
): Promise<PrivacyRequest> => post(`/api/contacts/${contact}/privacy-requests`, wanted)
export const liftRestriction = (contact: string): Promise<void> => post(`/api/contacts/${contact}/lift-restriction`)
