import { get, post, type Page } from './client'
import type { Lift } from './veil'

export interface Case {
  id: string
  number: string
  contact_id: string
  kind: string
  category: string
  state: string
  priority: string
  owner_id: string | null
  order_ref: string | null
  matter: string | null
  remedy: string | null
  reach: string | null
  opened_at: string
  first_due_at: string | null
  first_done_at: string | null
  final_due_at: string | null
  final_done_at: string | null
  closed_at: string | null
  root_cause: string | null
  version: number
  /** The states it may go to from where it is. */
  next: string[]
}

export interface CaseEvent {
  at: string
  by: string
  from: string | null
  to: string
  owner_id: string | null
  note: string | null
}

export interface WholeCase extends Case {
  events: CaseEvent[]
}

export interface NewCase {
  key: string
  kind: string
  category: string
  matter: string
  remedy: string | null
  reach: string | null
  order_ref: string | null
  priority: string
}

export interface Task {
  id: string
  contact_id: string
  case_id: string | null
  kind: string
  subject: string | null
  due_at: string
  state: 'open' | 'done' | 'cancelled'
  owner_id: string | null
  result: string | null
  closed_at: string | null
}

export interface NewTask {
  key: string
  kind: string
  subject: string
  due_at: string
  owner_id: string | null
  case_id: string | null
}

export const listCases = (contact: string, lift: Lift | null, signal?: AbortSignal): Promise<Page<Case>> =>
  get(`/api/contacts/${contact}/cases`, { query: { ...lift }, signal })
export const openCase = (contact: string, wanted: NewCase): Promise<WholeCase> =>
  post(`/api/contacts/${contact}/cases`, wanted)
export const readCase = (id: string, lift: Lift | null, signal?: AbortSignal): Promise<WholeCase> =>
  get(`/api/cases/${id}`, { query: { ...lift }, signal })
export const moveCase = (
  id: string,
  step: { to: string; note: string; version: number; root_cause: string | null },
): Promise<WholeCase> => post(`/api/cases/${id}/transition`, step)
export const assignCase = (id: string, owner_id: string, version: number): Promise<WholeCase> =>
  post(`/api/cases/${id}/owner`, { owner_id, version })
export const listTasks = (contact: string, lift: Lift | null, signal?: AbortSignal): Promise<Page<Task>> =>
  get(`/api/contacts/${contact}/tasks`, { query: { ...lift }, signal })
export const addTask = (contact: string, task: NewTask): Promise<Task> => post(`/api/contacts/${contact}/tasks`, task)
export const closeTask = (id: string, state: 'done' | 'cancelled', result: string): Promise<Task> =>
  post(`/api/tasks/${id}/close`, { state, result })
