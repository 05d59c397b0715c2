import { fetchFile, get, post, postForm, remove, type Page } from './client'

/** What became of rows, or would become of them. */
export interface Counts {
  created?: number
  updated?: number
  unchanged?: number
  ambiguous?: number
  rejected?: number
  quarantined?: number
  /** How often each code. */
  reasons?: Record<string, number>
}

export interface Import {
  id: string
  name: string
  system: string
  state: 'new' | 'checked' | 'running' | 'finished' | 'expired'
  mapping: Record<string, string>
  left_out: string[]
  basis: { kind: string; proof: string } | null
  rows_total: number
  rows_done: number
  counts: Counts
  /** What the dry run foretold. */
  checked: Counts | null
  by: string
  at: string
  started_at: string | null
  finished_at: string | null
}

export interface Columns {
  headers: string[]
  mapping: Record<string, string>
  /** The first row, by header. */
  sample: Record<string, string>
  targets: string[]
}

export interface ImportOptions {
  system: string
  mapping: Record<string, string>
  sheet: string | null
  basis: string | null
  proof: string | null
}

function form(file: File, options: object): FormData {
  const made = new FormData()
  made.append('options', JSON.stringify(options))
  made.append('file', file, file.name)
  return made
}

export const listImports = (cursor: string | null, limit: number, signal?: AbortSignal): Promise<Page<Import>> =>
  get('/api/imports', { query: { cursor, limit }, signal })
export const readImport = (id: string, signal?: AbortSignal): Promise<Import> => get(`/api/imports/${id}`, { signal })
export const readColumns = (file: File, sheet: string | null): Promise<Columns> =>
  postForm('/api/imports/columns', form(file, { sheet }))
export const handIn = (file: File, options: ImportOptions): Promise<Import> => postForm('/api/imports', form(file, options))
export const startImport = (id: string): Promise<Import> => post(`/api/imports/${id}/start`)
export const dropImport = (id: string): Promise<void> => remove(`/api/imports/${id}`)
export const releaseImport = (id: string, basis: string, proof: string): Promise<{ released: number }> =>
  post(`/api/imports/${id}/release`, { basis, proof })
export const fetchRejected = (id: string): Promise<{ content: Blob }> =>
  fetchFile('GET', `/api/imports/${id}/rejected.csv`)
