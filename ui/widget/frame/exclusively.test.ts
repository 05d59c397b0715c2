import { afterEach, describe, expect, it, vi } from 'vitest'
import { exclusively } from './exclusively'

afterEach(() => {
  vi.unstubAllGlobals()
})

function stubLocks(request: unknown): void {
  vi.stubGlobal('navigator', { locks: request && { request } })
}

describe('work that excludes other tabs', () => {
  it('runs inside the lock', async () => {
    const request = vi.fn(async (_name: string, work: () => Promise<unknown>) => work())
    stubLocks(request)
    expect(await exclusively('name', async () => 7)).toBe(7)
    expect(request).toHaveBeenCalledOnce()
  })

  it.each([[undefined], [() => Promise.reject(new DOMException('The request was denied.', 'SecurityError'))]])(
    'runs once even where there are no locks (%#)',
    async (request) => {
      stubLocks(request)
      const work = vi.fn(async () => 7)
      expect(await exclusively('name', work)).toBe(7)
      expect(work).toHaveBeenCalledOnce()
    },
  )

  it('passes on the failure of the work, without a second try', async () => {
    stubLocks(async (_name: string, inner: () => Promise<unknown>) => inner())
    const work = vi.fn(() => Promise.reject(new Error('no')))
    await expect(exclusively('name', work)).rejects.toThrow('no')
    expect(work).toHaveBeenCalledOnce()
  })
})
