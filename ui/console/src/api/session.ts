import { get, patch, post, remove, type Page } from './client'

export type Permission =
  | 'session.own'
  | 'interactions.read'
  | 'contacts.read'
  | 'contacts.write'
  | 'contacts.merge'
  | 'sensitive.read'
  | 'cases.read'
  | 'cases.write'
  | 'consent.read'
  | 'consent.write'
  | 'privacy.open'
  | 'privacy.handle'
  | 'conversations.read'
  | 'articles.read'
  | 'staff.manage'
  | 'contacts.import'
  | 'segments.read'
  | 'segments.write'
  | 'access_log.read'
  | 'sharing.read'
  | 'sharing.manage'
  | 'uses.read'
  | 'uses.ask'
  | 'uses.decide'
  | 'reviews.read'
  | 'reviews.decide'
  | 'ledger.read'
  | 'queue.watch'
  | 'queue.read'
  | 'queue.serve'
  | 'system.read'

export interface Me {
  staff: {
    id: string
    name: string
    display_name: string
    roles: string[]
    permissions: string[]
    locale: string | null
  }
  csrf: string
}

export interface OwnSession {
  id: string
  created_at: string
  last_seen_at: string
  user_agent: string | null
  current: boolean
}

export const readMe = (): Promise<Me> => get('/api/session')
export const signIn = (name: string, password: string): Promise<Me> => post('/api/session', { name, password })
export const signOut = (): Promise<void> => remove('/api/session')
export const useLink = (token: string, password: string): Promise<Me> =>
  post('/api/session/link', { token, password })
export const changePassword = (current: string, fresh: string): Promise<void> =>
  post('/api/session/password', { current, new: fresh })
export const changeMe = (change: { locale?: string; display_name?: string }): Promise<Me> =>
  patch('/api/session', change)
export const listSessions = (): Promise<Page<OwnSession>> => get('/api/session/all')
export const revokeSession = (id: string): Promise<void> => remove(`/api/session/all/${id}`)
