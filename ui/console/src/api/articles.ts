import { get, type Page } from './client'

export interface ArticleHead {
  id: string
  question: string
  tags: string[]
  languages: string[]
  valid_from: string | null
  valid_until: string | null
}

export interface Article {
  id: string
  question: Record<string, string>
  variants: Record<string, string[]>
  answers: Record<string, string>
  tags: string[]
  valid_from?: string | null
  valid_until?: string | null
}

export function listArticles(
  q: string,
  cursor: string | null,
  limit: number,
  signal?: AbortSignal,
): Promise<Page<ArticleHead>> {
  return get('/api/articles', { query: { q, cursor, limit }, signal })
}

export const readArticle = (id: string, signal?: AbortSignal): Promise<Article> =>
  get(`/api/articles/${encodeURIComponent(id)}`, { signal })
