import { get, post, type Page } from './client'

export interface Review {
  id: string
  opened_at: string
  due_at: string
  period_from: string
  closed_at: string | null
  open_items: number
}

export type Verdict = 'keep' | 'reduce' | 'remove'

export interface ReviewItem {
  staff_id: string
  roles: string[]
  last_sign_in_at: string | null
  /** How often the account read customer data in the period. */
  reads: number
  decision: Verdict | null
  roles_after: string[] | null
  reason: string | null
  decided_by: string | null
  decided_at: string | null
}

export interface Chain {
  chain: string
  length: number
  checkpoint: { position: number; at: string } | null
  proof: { at: string; length: number; fault: { code: string; position: number; event_id: string } | null } | null
}

export interface ChainState {
  waiting: { count: number; oldest_s: number }
  chains: Chain[]
}

export const listReviews = (cursor: string | null, limit: number, signal?: AbortSignal): Promise<Page<Review>> =>
  get('/api/access-reviews', { query: { cursor, limit }, signal })
export const openReview = (within_days: number): Promise<Review> => post('/api/access-reviews', { within_days })
export const listReviewItems = (id: string, signal?: AbortSignal): Promise<Page<ReviewItem>> =>
  get(`/api/access-reviews/${id}`, { signal })
export const decideAccess = (
  id: string,
  verdict: { staff_id: string; decision: Verdict; roles: string[]; reason: string },
): Promise<unknown> => post(`/api/access-reviews/${id}/decisions`, verdict)
export const readChain = (signal?: AbortSignal): Promise<ChainState> => get('/api/consent/chain', { signal })
