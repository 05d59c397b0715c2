import { get, patch, post, type Page } from './client'

export interface StaffMember {
  id: string
  name: string
  display_name: string
  roles: string[]
  active: boolean
  created_at: string
  last_sign_in_at: string | null
  pending: boolean
}

export interface Role {
  id: string
  permissions: string[]
}

export interface StaffChange {
  display_name?: string
  roles?: string[]
  active?: boolean
}

export const listStaff = (cursor: string | null, limit: number, signal?: AbortSignal): Promise<Page<StaffMember>> =>
  get('/api/staff', { query: { cursor, limit }, signal })
export const listRoles = (signal?: AbortSignal): Promise<Page<Role>> => get('/api/roles', { signal })
export const inviteStaff = (
  name: string,
  display_name: string,
  roles: string[],
): Promise<StaffMember & { link: string }> => post('/api/staff', { name, display_name, roles })
export const changeStaff = (id: string, change: StaffChange): Promise<StaffMember> =>
  patch(`/api/staff/${id}`, change)
export const renewLink = (id: string): Promise<{ link: string }> => post(`/api/staff/${id}/link`)
