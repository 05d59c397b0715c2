import { expect, it } from 'vitest'
import { browserName } from '../src/pages/account/browserName'
import { standOf } from '../src/pages/knowledge/validity'
import { lengthFault } from '../src/shell/password'
import { plainText } from '../src/thread/plainText'

const views = import.meta.glob<string>('../src/**/*.vue', { query: '?raw', import: 'default', eager: true })

it('keeps to the policy: no style attribute, no raw HTML, no inline script', () => {
  expect(Object.keys(views).length).toBeGreaterThan(30)
  const faults = Object.entries(views).filter(([, text]) => /\sstyle="|v-html|javascript:|\sonclick=/.test(text))
  expect(faults.map(([name]) => name)).toEqual([])
})

it('knows the usual browsers, and says so when it does not', () => {
  const iphone = 'Mozilla/5.0 (iPhone; CPU iPhone OS 19_0 like Mac OS X) AppleWebKit/605 Version/19.0 Safari/604.1'
  const edge = 'Mozilla/5.0 (Windows NT 10.0; Win64) AppleWebKit/537.36 Chrome/140.0 Safari/537.36 Edg/140.0'
  expect(browserName(iphone)).toEqual({ browser: 'Safari', system: 'iOS' })
  expect(browserName(edge)).toEqual({ browser: 'Edge', system: 'Windows' })
  expect(browserName('curl/8.5')).toEqual({ browser: null, system: null })
})

it('counts a bare end date to the end of its day', () => {
  const noon = Date.parse('2026-11-21T12:00:00Z')
  expect(standOf({ valid_until: '2026-11-21' }, noon)).toBe('valid')
  expect(standOf({ valid_until: '2026-11-20' }, noon)).toBe('expired')
  expect(standOf({ valid_from: '2026-11-22' }, noon)).toBe('planned')
  expect(standOf({ valid_from: null, valid_until: null }, noon)).toBe('valid')
})

it('reads a marked answer as words', () => {
  expect(plainText('打开[我的订单](https://www.example.com/orders)，**7 天**内')).toBe('打开我的订单，7 天内')
})

it('counts a new password as the server does: characters, not halves of them', () => {
  expect(lengthFault('123456789')).toBe('too_short')
  expect(lengthFault('1234567890')).toBeNull()
  expect(lengthFault('🫖'.repeat(9))).toBe('too_short')
  expect(lengthFault('㍿㍿㍿')).toBeNull()
  expect(lengthFault('🫖'.repeat(200))).toBeNull()
  expect(lengthFault('a'.repeat(201))).toBe('too_long')
})
