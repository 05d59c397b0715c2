/** The server's answer that is no success, or `offline` when there was none. */
export class ApiFault extends Error {
  constructor(
    readonly status: number,
    readonly code: string,
    readonly retryAfter?: number,
  ) {
    super(`${status} ${code}`)
    this.name = 'ApiFault'
  }

  /** No answer at all, or one that says "later": worth trying again. */
  get passing(): boolean {
    return this.status === 0 || this.status === 429 || this.status >= 500
  }
}

export interface Call {
  method?: 'GET' | 'POST'
  body?: unknown
  token?: string
  locale?: string
  timeout?: number
  signal?: AbortSignal
}

/** Seconds of a Retry-After header given as a number; a date, which our server never sends, is ignored. */
function retryAfter(response: Response): number | undefined {
  const seconds = Number(response.headers.get('retry-after') ?? NaN)
  return Number.isFinite(seconds) && seconds >= 0 ? seconds : undefined
}

async function problemCode(response: Response): Promise<string> {
  try {
    const problem = (await response.json()) as { code?: unknown }
    return typeof problem.code === 'string' ? problem.code : 'http'
  } catch {
    return 'http'
  }
}

/** Calls under one channel account; every call ends by its timeout (ms). */
export class Api {
  constructor(readonly base: string) {}

  async fetch(path: string, call: Call = {}): Promise<Response> {
    const abort = new AbortController()
    const timer = setTimeout(() => abort.abort(), call.timeout ?? 15_000)
    const stop = () => abort.abort()
    call.signal?.addEventListener('abort', stop)
    try {
      if (call.signal?.aborted) abort.abort()
      const response = await fetch(this.base + path, {
        method: call.method ?? 'GET',
        headers: {
          ...(call.body !== undefined && { 'Content-Type': 'application/json' }),
          ...(call.token && { Authorization: `Bearer ${call.token}` }),
          ...(call.locale && { 'Accept-Language': call.locale }),
        },
        credentials: 'omit',
        cache: 'no-store',
        ...(call.body !== undefined && { body: JSON.stringify(call.body) }),
        signal: abort.signal,
      })
      if (!response.ok) throw new ApiFault(response.status, await problemCode(response), retryAfter(response))
      return response
    } catch (error) {
      throw error instanceof ApiFault ? error : new ApiFault(0, 'offline')
    } finally {
      clearTimeout(timer)
      call.signal?.removeEventListener('abort', stop)
    }
  }

  async json<T>(path: string, call: Call = {}): Promise<T> {
    const response = await this.fetch(path, call)
    try {
      return (await response.json()) as T
    } catch {
      throw new ApiFault(0, 'offline')
    }
  }
}
