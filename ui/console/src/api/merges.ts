import { get, post, type Page } from './client'

/** The server asks whether two contacts are one; `reason` is a code such as `same_phone`. */
export interface Suggestion {
  id: string
  one_id: string
  one_name: string
  other_id: string
  other_name: string
  reason: string
  at: string
}

export const listSuggestions = (limit: number, signal?: AbortSignal): Promise<Page<Suggestion>> =>
  get('/api/merge-suggestions', { query: { limit }, signal })
export const decideSuggestion = (id: string, decision: 'merged' | 'different'): Promise<void> =>
  post(`/api/merge-suggestions/${id}`, { decision })
/** `source` becomes part of `target`. */
export const mergeContacts = (target: string, source_id: string, reason: string): Promise<{ contact_id: string }> =>
  post(`/api/contacts/${target}/merge`, { source_id, reason })
export const undoMerge = (id: string): Promise<void> => post(`/api/merges/${id}/undo`)
