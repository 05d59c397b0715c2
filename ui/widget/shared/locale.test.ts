import { expect, it } from 'vitest'
import { firstLocale } from './locale'

it.each([
  [null, ['en-GB', 'zh-CN'], 'en'],
  [null, ['zh-TW'], 'zh-Hant'],
  [null, ['zh-HK', 'en'], 'zh-Hant'],
  [null, ['zh-MO'], 'zh-Hant'],
  [null, ['zh-Hans-HK'], 'zh-Hans'],
  [null, ['zh'], 'zh-Hans'],
  [null, ['de-DE', 'en-US'], 'en'],
  [null, ['de-DE'], 'zh-Hans'],
  [null, [], 'zh-Hans'],
  ['zh-Hant', ['en'], 'zh-Hant'],
  ['klingon', ['en'], 'en'],
])('begins in the language asked for (%s), else the browser\'s (%s): %s', (asked, preferred, expected) => {
  expect(firstLocale(asked, preferred)).toBe(expected)
})

const starts = import.meta.glob<string>('../../{demo,widget/frame}/main.ts', {
  query: '?raw',
  import: 'default',
  eager: true,
})

it('is how the shop page and the chat both begin, with the browser\'s languages', () => {
  expect(Object.keys(starts)).toHaveLength(2)
  for (const source of Object.values(starts)) expect(source).toMatch(/firstLocale\(.+, navigator\.languages\)/)
})
