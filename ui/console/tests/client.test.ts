import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { address, get, patch, post, reachable, remove, useCsrf, useLanguage, watchSession } from '../src/api/client'
import { Problem } from '../src/api/problem'

type Answer = () => Response | Promise<Response>

const calls: { url: string; init: RequestInit }[] = []
let answers: Answer[] = []

function json(status: number, body: unknown, headers: Record<string, string> = {}): Answer {
  return () => new Response(JSON.stringify(body), { status, headers })
}

function problem(status: number, code: string, detail = 'why', headers: Record<string, string> = {}): Answer {
  return json(status, { type: 'about:blank', title: code, status, code, detail }, headers)
}

function sent(index: number): Record<string, string> {
  return calls[index]?.init.headers as Record<string, string>
}

beforeEach(() => {
  calls.length = 0
  answers = []
  vi.stubGlobal('fetch', (url: string, init: RequestInit) => {
    calls.push({ url, init })
    const next = answers.shift()
    return next ? Promise.resolve(next()) : Promise.reject(new TypeError('network'))
  })
  useCsrf('token-1')
  useLanguage('zh-Hant')
  watchSession(
    () => undefined,
    () => Promise.resolve(),
  )
})

afterEach(() => vi.unstubAllGlobals())

describe('address', () => {
  it('leaves out what is not set and escapes the rest', () => {
    expect(address('/api/x', { q: '退 货&', cursor: null, channel: '', limit: 50, after: 0 })).toBe(
      '/api/x?q=%E9%80%80+%E8%B4%A7%26&limit=50&after=0',
    )
    expect(address('/api/x', { q: undefined })).toBe('/api/x')
  })
})

describe('headers', () => {
  it('names the language always, the CSRF token only for changes', async () => {
    answers = [json(200, {}), json(200, {}), json(200, {}), () => new Response(null, { status: 204 })]
    await get('/api/a')
    await post('/api/b', { x: 1 })
    await patch('/api/c', {})
    await expect(remove('/api/d')).resolves.toBeUndefined()
    expect(calls.map((call) => call.init.method)).toEqual(['GET', 'POST', 'PATCH', 'DELETE'])
    expect(calls.every((_, index) => sent(index)['Accept-Language'] === 'zh-Hant')).toBe(true)
    expect(sent(0)['X-CSRF-Token']).toBeUndefined()
    expect([1, 2, 3].map((index) => sent(index)['X-CSRF-Token'])).toEqual(['token-1', 'token-1', 'token-1'])
    expect(calls[1]?.init.body).toBe('{"x":1}')
    expect(calls[1]?.init.credentials).toBe('same-origin')
  })
})

describe('problems', () => {
  it('carry code, detail, status and the wait', async () => {
    answers = [problem(429, 'locked_out', 'Wait.', { 'Retry-After': '40' })]
    await expect(post('/api/session')).rejects.toMatchObject({
      status: 429,
      code: 'locked_out',
      message: 'Wait.',
      retryAfter: 40,
      passing: false,
    })
  })

  it('say which rule a weak password breaks', async () => {
    answers = [json(422, { code: 'weak_password', detail: 'Weak.', reason: 'like_name' })]
    await expect(post('/api/session/link')).rejects.toMatchObject({ code: 'weak_password', reason: 'like_name' })
  })

  it('are named even when a proxy answers with a page', async () => {
    answers = [() => new Response('<h1>Bad gateway</h1>', { status: 502 })]
    const fault = await get('/api/a').catch((cause: unknown) => cause)
    expect(fault).toBeInstanceOf(Problem)
    expect(fault).toMatchObject({ status: 502, code: 'not_understood', passing: true })
  })

  it('tell a server out of reach from one that answers', async () => {
    await expect(get('/api/a')).rejects.toMatchObject({ status: 0, code: 'unreachable' })
    expect(reachable.value).toBe(false)
    answers = [problem(404, 'not_found')]
    await expect(get('/api/a')).rejects.toMatchObject({ status: 404 })
    expect(reachable.value).toBe(true)
  })

  it('are not made of a call that its caller withdrew', async () => {
    const mine = new AbortController()
    mine.abort()
    answers = [() => Promise.reject(mine.signal.reason as Error)]
    await expect(get('/api/a', { signal: mine.signal })).rejects.toMatchObject({ name: 'AbortError' })
  })
})

describe('session', () => {
  it('is told gone by not_signed_in, not by a wrong password', async () => {
    const ended = vi.fn()
    watchSession(ended, () => Promise.resolve())
    answers = [problem(401, 'sign_in_failed'), problem(401, 'not_signed_in')]
    await expect(post('/api/session')).rejects.toMatchObject({ code: 'sign_in_failed' })
    expect(ended).not.toHaveBeenCalled()
    await expect(get('/api/contacts')).rejects.toMatchObject({ code: 'not_signed_in' })
    expect(ended).toHaveBeenCalledOnce()
  })

  it('gets a new CSRF token once and repeats the change', async () => {
    watchSession(
      () => undefined,
      () => {
        useCsrf('token-2')
        return Promise.resolve()
      },
    )
    answers = [problem(403, 'csrf_failed'), json(200, { done: true })]
    await expect(post('/api/staff', { name: 'a' })).resolves.toEqual({ done: true })
    expect(sent(1)['X-CSRF-Token']).toBe('token-2')
    expect(calls[1]?.init.body).toBe('{"name":"a"}')
    answers = [problem(403, 'csrf_failed'), problem(403, 'csrf_failed')]
    await expect(post('/api/staff')).rejects.toMatchObject({ code: 'csrf_failed' })
    expect(calls).toHaveLength(4)
  })
})
