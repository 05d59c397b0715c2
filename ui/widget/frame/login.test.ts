import { beforeEach, describe, expect, it, vi } from 'vitest'
import { departure, takeProof } from '../shared/login'
import { type Api, ApiFault } from './api'
import { Login, type LoginState } from './login'
import type { Session } from './session'
import { MemoryShelf, Store } from './store'

const BASE = 'https://chat.example/x/channels/shop'

function open(session: Partial<Session> = { login: 'care', token: 't', locale: 'en' }) {
  const store = new Store('yingda:shop:', new MemoryShelf())
  const json = vi.fn(async (): Promise<unknown> => ({ joined: true }))
  const left: URL[] = []
  const shown: LoginState[] = []
  const current = session as Session
  const ways = { leave: (address: string) => void left.push(new URL(address)), show: (state: LoginState) => void shown.push(state) }
  const login = new Login(BASE, { json } as unknown as Api, { current, obtain: async () => current }, store, ways)
  return { login, store, json, left, shown }
}

async function hashed(secret: string): Promise<string> {
  const digest = new Uint8Array(await crypto.subtle.digest('SHA-256', new TextEncoder().encode(secret)))
  return btoa(String.fromCharCode(...digest)).replace(/\+/g, '-').replace(/\//g, '_').replace(/=/g, '')
}

beforeEach(() => {
  vi.unstubAllGlobals()
  vi.stubGlobal('navigator', { userAgent: 'Mozilla/5.0 MicroMessenger/8.0.50' })
})

describe('the log-in with WeChat', () => {
  it('is offered in WeChat only, where there is an account, and once', async () => {
    const { login, shown } = open()
    login.offer()
    await login.begin()
    await login.end('proof')
    login.offer()
    const elsewhere = open({ token: 't' })
    elsewhere.login.offer()
    vi.stubGlobal('navigator', { userAgent: 'Mozilla/5.0' })
    const desktop = open()
    desktop.login.offer()
    expect([shown, elsewhere.shown, desktop.shown]).toEqual([['offered', 'joined', 'none'], ['none'], ['none']])
  })

  it('leaves with the hash of a secret that stays, and ends with the secret', async () => {
    const { login, store, json, left } = open()
    await login.begin()
    const { secret } = store.read<{ secret: string }>('login') ?? { secret: '' }
    const [url] = left
    expect(url?.origin + (url?.pathname ?? '')).toBe('https://chat.example/x/channels/care/oauth/start')
    expect(Object.fromEntries(url?.searchParams ?? [])).toEqual({ channel: 'shop', challenge: await hashed(secret) })
    expect(url?.href).not.toContain(secret)
    await login.end('proof')
    expect(json).toHaveBeenCalledWith('/wechat', expect.objectContaining({ token: 't', body: { proof: 'proof', secret } }))
    expect(store.read('login')).toEqual({ done: true })
  })

  it('ends nothing that was not begun here', async () => {
    const { login, json, shown } = open()
    await login.end('proof of somebody else')
    expect([json.mock.calls, shown]).toEqual([[], []])
  })

  it('says how it went, and may be tried again', async () => {
    const { login, store, json, shown } = open()
    for (const code of ['login_somebody_else', 'login_expired']) {
      await login.begin()
      json.mockRejectedValueOnce(new ApiFault(409, code))
      await login.end('proof')
      expect(store.get('login')).toBeNull()
    }
    await login.begin()
    json.mockResolvedValueOnce({ joined: false })
    await login.end('proof')
    expect(shown).toEqual(['somebody_else', 'failed', 'asked'])
  })
})

describe("the page's address", () => {
  it('is what a log-in comes back to, without what is behind #', () => {
    vi.stubGlobal('location', { href: 'https://shop.example/a?b=c&d#part' })
    const target = new URL(departure('https://chat.example/start?x=1', 'https://chat.example') ?? '')
    expect(target.searchParams.get('return')).toBe('https://shop.example/a?b=c&d')
    for (const wrong of ['https://evil.example/start', 'javascript:alert(1)', 'nowhere'])
      expect(departure(wrong, 'https://chat.example')).toBeUndefined()
  })

  it('gives the proof once and keeps the rest', () => {
    const replaceState = vi.fn()
    vi.stubGlobal('history', { state: null, replaceState })
    vi.stubGlobal('location', { hash: '#part&yingda-wechat=abc_-', pathname: '/a', search: '?b=c' })
    expect(takeProof()).toBe('abc_-')
    expect(replaceState).toHaveBeenCalledWith(null, '', '/a?b=c#part')
    vi.stubGlobal('location', { hash: '#part', pathname: '/a', search: '' })
    expect(takeProof()).toBeUndefined()
  })
})
