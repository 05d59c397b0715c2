import { get, type Page } from './client'

export interface Colleague {
  id: string
  display_name: string
  active: boolean
}

export const listColleagues = (): Promise<Page<Colleague>> => get('/api/colleagues')
