import { beforeEach, describe, expect, it, vi } from 'vitest'
import { type Api, ApiFault } from './api'
import { type Session, Sessions, subject } from './session'
import { MemoryShelf, Store } from './store'

function token(sub: string): string {
  const part = (value: object) => btoa(JSON.stringify(value)).replace(/\+/g, '-').replace(/\//g, '_').replace(/=/g, '')
  return `${part({ alg: 'HS256' })}.${part({ sub, jti: Math.random() })}.signature`
}

interface Body {
  token?: string
  identity?: string
}

function open(shelf = new MemoryShelf()) {
  let visitors = 0
  const answer = vi.fn((body: Body) => {
    const sub = body.identity ? `user:${subject(body.identity)}` : body.token ? subject(body.token) : `visitor:${++visitors}`
    return { token: token(sub), expires_at: '2999-01-01T00:00:00Z', locale: 'en', account: { name: 'shop', title: {} }, limits: {} }
  })
  const api = { json: vi.fn(async (_path: string, call: { body: Body }) => answer(call.body)) }
  const changed = vi.fn<(session: Session) => void>()
  const store = new Store('yingda:shop:', shelf)
  return { sessions: new Sessions(store, api as unknown as Api, () => 'en', changed), answer, store, changed, shelf }
}

beforeEach(() => {
  vi.unstubAllGlobals()
})

describe('sessions', () => {
  it('asks once, however many want one at the same time', async () => {
    const { sessions, answer } = open()
    const all = await Promise.all([sessions.obtain(), sessions.obtain(), sessions.obtain()])
    expect(answer).toHaveBeenCalledOnce()
    expect(new Set(all.map((session) => session.token)).size).toBe(1)
  })

  it('is the same visitor after a reload', async () => {
    const { sessions, shelf } = open()
    const before = await sessions.obtain()
    const again = open(shelf)
    expect(await again.sessions.obtain()).toEqual(before)
    expect(again.answer).not.toHaveBeenCalled()
  })

  it('renews a token that has run out, as the same visitor', async () => {
    const { sessions, store, answer } = open()
    const before = await sessions.obtain()
    store.set('session', { ...before, expires_at: '2001-01-01T00:00:00Z' })
    const after = await sessions.obtain()
    expect(answer).toHaveBeenLastCalledWith(expect.objectContaining({ token: before.token }))
    expect(after.visitor).toBe(before.visitor)
    expect(after.token).not.toBe(before.token)
  })

  it('does not renew what another tab has renewed already', async () => {
    const { sessions, answer } = open()
    const current = await sessions.obtain()
    expect(await sessions.renew('an older token')).toEqual(current)
    expect(answer).toHaveBeenCalledOnce()
  })

  it('begins anew when even the renewal is refused', async () => {
    const { sessions, answer } = open()
    const before = await sessions.obtain()
    answer.mockImplementationOnce(() => {
      throw new ApiFault(401, 'unauthorised')
    })
    expect((await sessions.renew(before.token)).visitor).not.toBe(before.visitor)
  })

  it('does not bring back a visitor who was cleared while the session was renewed', async () => {
    const { sessions, store, answer } = open()
    const before = await sessions.obtain()
    answer.mockImplementationOnce((body) => {
      store.clear()
      return { token: token(subject(body.token ?? '')), expires_at: '2999-01-01T00:00:00Z', locale: 'en', account: { name: 'shop', title: {} }, limits: {} }
    })
    const after = await sessions.renew(before.token)
    expect(after.visitor).not.toBe(before.visitor)
    expect(sessions.current).toEqual(after)
  })

  it('does not spend the identity of a customer who is known already', async () => {
    const { sessions, answer } = open()
    await sessions.identify(token('anna'))
    await sessions.identify(token('anna'))
    expect(answer).toHaveBeenCalledOnce()
    expect(sessions.current?.visitor).toBe('user:anna')
  })

  it('never continues the session of the customer before', async () => {
    const { sessions, answer } = open()
    await sessions.identify(token('anna'))
    answer.mockImplementationOnce(() => {
      throw new ApiFault(401, 'identity_expired')
    })
    await expect(sessions.identify(token('ben'))).rejects.toMatchObject({ code: 'identity_expired' })
    expect(sessions.current).toBeUndefined()
    expect((await sessions.obtain()).visitor).toBe('visitor:1')
  })

  it.each(['', 'x', 'a.b.c', 'a.bnVsbA.c'])('reads no subject from %j', (jwt) => {
    expect(subject(jwt)).toBe('')
  })
})
