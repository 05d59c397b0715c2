import { get, type Page } from './client'
import type { Lift } from './veil'

export type OutcomeKind =
  | 'article'
  | 'choices'
  | 'hand_over'
  | 'none'
  | 'waiting'
  | 'flow'
  | 'small_talk'
  | 'file'
  | 'failed'
  | 'behaviour'

export interface Outcome {
  kind: OutcomeKind | null
  ref: string | null
  label: string | null
}

export interface Interaction {
  id: string
  at: string
  contact: { id: string; name: string | null } | null
  channel: string
  account: string
  direction: 'in' | 'out'
  content: string | null
  outcome: Outcome | null
  latency_ms: number | null
  conversation_id: string | null
  trace_id: string | null
}

export interface InteractionFilter {
  q?: string
  channel?: string
  direction?: string
  outcome?: string
  contact_id?: string
}

/** Newest first. */
export function listInteractions(
  filter: InteractionFilter,
  cursor: string | null,
  limit: number,
  signal?: AbortSignal,
  lift: Lift | null = null,
): Promise<Page<Interaction>> {
  return get('/api/interactions', { query: { ...filter, cursor, limit, ...lift }, signal })
}
