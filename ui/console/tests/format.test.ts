import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { locale } from '../src/i18n'
import { ago, exactTime, fileSize, latency, shortTime, span } from '../src/i18n/format'

beforeEach(() => vi.stubGlobal('navigator', { languages: ['en-GB', 'zh-CN'] }))
afterEach(() => {
  vi.unstubAllGlobals()
  locale.value = 'en'
})

// Without a zone these are the reader's own, so the expectations hold wherever the tests run.
const NOW = new Date('2026-11-21T15:30:00')

describe('shortTime', () => {
  it('shows seconds today, the day this year, the date before', () => {
    expect(shortTime('2026-11-21T09:05:07', NOW)).toBe('09:05:07')
    expect(shortTime('2026-03-02T09:05:07', NOW)).toBe('02/03, 09:05')
    expect(shortTime('2025-12-31T09:05:07', NOW)).toBe('31/12/2025')
  })

  it('follows the language', () => {
    locale.value = 'zh-Hans'
    expect(shortTime('2026-03-02T09:05:07', NOW)).toBe('03/02 09:05')
    expect(exactTime('2026-03-02T09:05:07')).toContain('2026年3月2日')
    locale.value = 'zh-Hant'
    expect(exactTime('2026-03-02T09:05:07')).toContain('2026年3月2日')
  })

  it('writes midnight as 00', () => expect(shortTime('2026-11-21T00:00:00', NOW)).toBe('00:00:00'))
})

describe('ago', () => {
  const at = (seconds: number): string => ago(new Date(NOW.getTime() - seconds * 1000).toISOString(), NOW.getTime())

  it('rounds down to the largest unit', () => {
    expect([at(0), at(59), at(60), at(7199), at(86_400), at(40 * 86_400), at(800 * 86_400)]).toEqual([
      'now',
      '59 seconds ago',
      '1 minute ago',
      '1 hour ago',
      'yesterday',
      'last month',
      '2 years ago',
    ])
  })

  it('never speaks of the future when clocks differ', () => expect(at(-30)).toBe('now'))
})

it('says latencies in the unit that reads best', () => {
  expect([0, 12.4, 999, 1320, 25_400].map(latency)).toEqual(['0 ms', '12 ms', '999 ms', '1.3 s', '25 s'])
})

it('says spans in two units', () => {
  locale.value = 'zh-Hans'
  expect([0, 59, 310, 3600, 93_784].map(span)).toEqual(['0秒', '59秒', '5分钟 10秒', '1小时', '1天 2小时'])
})

it('says file sizes', () => {
  expect([0, 999, 183_220, 10_485_760].map(fileSize)).toEqual(['0 byte', '999 byte', '183.2 kB', '10.5 MB'])
})
