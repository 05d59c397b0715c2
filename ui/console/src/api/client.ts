import { ref } from 'vue'
import { Problem, readProblem } from './problem'

export interface Page<T> {
  items: T[]
  next: string | null
}

type Query = Record<string, string | number | null | undefined>

export interface Call {
  query?: Query
  /** Sent as JSON, a form as it is. */
  body?: unknown
  signal?: AbortSignal
  /** Milliseconds until it is given up. */
  within?: number
}

const TIMEOUT_MS = 20_000
const FILE_TIMEOUT_MS = 300_000

/** False from the first call that did not reach the server until the next that did. */
export const reachable = ref(true)

let csrf = ''
let language = 'en'
let whenSignedOut: () => void = () => undefined
let renewCsrf: () => Promise<void> = () => Promise.resolve()

export function useCsrf(token: string): void {
  csrf = token
}

/** The language in which the server words its problems. */
export function useLanguage(locale: string): void {
  language = locale
}

/** `ended` runs when any call finds the session gone; `renew` fetches the CSRF token anew (another tab signed in). */
export function watchSession(ended: () => void, renew: () => Promise<void>): void {
  whenSignedOut = ended
  renewCsrf = renew
}

export function address(path: string, query: Query = {}): string {
  const pairs = Object.entries(query).filter(([, value]) => value !== undefined && value !== null && value !== '')
  if (!pairs.length) return path
  return `${path}?${new URLSearchParams(pairs.map(([key, value]) => [key, String(value)])).toString()}`
}

async function send(method: string, path: string, call: Call): Promise<Response> {
  const headers: Record<string, string> = { Accept: 'application/json', 'Accept-Language': language }
  const form = call.body instanceof FormData
  if (call.body !== undefined && !form) headers['Content-Type'] = 'application/json'
  if (method !== 'GET') headers['X-CSRF-Token'] = csrf
  const limit = AbortSignal.timeout(call.within ?? TIMEOUT_MS)
  try {
    const response = await fetch(address(path, call.query), {
      method,
      headers,
      body: call.body instanceof FormData ? call.body : call.body === undefined ? undefined : JSON.stringify(call.body),
      credentials: 'same-origin',
      signal: call.signal ? AbortSignal.any([call.signal, limit]) : limit,
    })
    reachable.value = true
    return response
  } catch (cause) {
    if (call.signal?.aborted) throw cause
    reachable.value = false
    throw new Problem(0, limit.aborted ? 'timed_out' : 'unreachable', '')
  }
}

async function answer(method: string, path: string, call: Call, again = true): Promise<Response> {
  const response = await send(method, path, call)
  if (!response.ok) {
    const problem = await readProblem(response)
    if (problem.code === 'csrf_failed' && again) {
      await renewCsrf()
      return answer(method, path, call, false)
    }
    if (problem.status === 401 && problem.code === 'not_signed_in') whenSignedOut()
    throw problem
  }
  return response
}

async function request<T>(method: string, path: string, call: Call): Promise<T> {
  const response = await answer(method, path, call)
  if (response.status === 204) return undefined as T
  try {
    return (await response.json()) as T
  } catch {
    throw new Problem(response.status, 'not_understood', '')
  }
}

export const get = <T>(path: string, call: Call = {}): Promise<T> => request<T>('GET', path, call)
export const post = <T>(path: string, body: unknown = {}): Promise<T> => request<T>('POST', path, { body })
export const patch = <T>(path: string, body: unknown): Promise<T> => request<T>('PATCH', path, { body })
export const put = <T>(path: string, body: unknown): Promise<T> => request<T>('PUT', path, { body })
/** Without a type: for what answers nothing. */
export const remove = <T = void>(path: string, body?: unknown): Promise<T> => request<T>('DELETE', path, { body })

export const postForm = <T>(path: string, form: FormData): Promise<T> =>
  request<T>('POST', path, { body: form, within: FILE_TIMEOUT_MS })

/** A file that the server makes for this caller, with the headers it came with. */
export async function fetchFile(method: 'GET' | 'POST', path: string): Promise<{ content: Blob; headers: Headers }> {
  const body = method === 'POST' ? {} : undefined
  const response = await answer(method, path, { body, within: FILE_TIMEOUT_MS })
  return { content: await response.blob(), headers: response.headers }
}

/** True for the rejection of a call that its caller withdrew. */
export function withdrawn(fault: unknown): boolean {
  return fault instanceof DOMException && fault.name === 'AbortError'
}
