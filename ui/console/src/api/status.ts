import { get } from './client'

export type PartState = 'ok' | 'warning' | 'failed'

export interface SystemPart {
  name: string
  state: PartState
  detail: string
  mend: string | null
}

export interface SystemStatus {
  version: string
  uptime_s: number
  parts: SystemPart[]
}

export const readStatus = (signal?: AbortSignal): Promise<SystemStatus> => get('/api/status', { signal })
