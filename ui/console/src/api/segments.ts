import { get, post, put, remove, type Page } from './client'

export type Json = null | boolean | number | string | Json[] | { [key: string]: Json }

export interface Segment {
  id: string
  name: string
  condition: Json
  saved_by: string
  saved_at: string
}

/** What can be asked of a field: `special` ones need members besides the operator. */
export interface SegmentField {
  id: string
  kind: 'number' | 'moment' | 'word' | 'special'
  operators: string[]
  words: string[]
  needed: string[]
  optional: string[]
}

export interface Vocabulary {
  items: SegmentField[]
  tags: string[]
  /** Of amounts, which are in its minor units. */
  currency: string
}

export const listSegments = (signal?: AbortSignal): Promise<Page<Segment>> => get('/api/segments', { signal })
export const readVocabulary = (signal?: AbortSignal): Promise<Vocabulary> => get('/api/segments/fields', { signal })
export const saveSegment = (name: string, condition: Json): Promise<Segment> => put('/api/segments', { name, condition })
export const removeSegment = (id: string): Promise<void> => remove(`/api/segments/${id}`)
export const countSegment = (condition: Json): Promise<{ count: number }> =>
  post('/api/segments/preview', { condition })
