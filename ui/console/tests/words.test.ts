import { describe, expect, it } from 'vitest'
import { fill, flatten, nearest } from '../src/i18n'
import en from '../src/i18n/en'
import hans from '../src/i18n/zh-Hans'
import hant from '../src/i18n/zh-Hant'

const english = flatten(en)
const others = { 'zh-Hans': flatten(hans), 'zh-Hant': flatten(hant) }

function holes(sentence: string): string[] {
  return [...new Set([...sentence.matchAll(/\{(\w+)\}/g)].map((match) => match[1] ?? ''))].sort()
}

const sources = import.meta.glob<string>('../src/**/*.{ts,vue}', { query: '?raw', import: 'default', eager: true })

describe.each(Object.entries(others))('%s', (_, words) => {
  it('has the same keys as English, in the same order', () => {
    expect([...words.keys()]).toEqual([...english.keys()])
  })

  it('has the same places to fill', () => {
    for (const [key, sentence] of english) expect([key, holes(words.get(key) ?? '')]).toEqual([key, holes(sentence)])
  })

  it('leaves nothing empty', () => {
    expect([...words].filter(([, sentence]) => !sentence.trim())).toEqual([])
  })
})

it('writes the two Chinese with their own characters', () => {
  expect([...others['zh-Hans'].values()].join('')).not.toMatch(/[這個們來時說開關網頁錄]/)
  expect([...others['zh-Hant'].values()].join('')).not.toMatch(/[这个们来时说开关网页录]/)
})

it('asks for no word that is not there', () => {
  const asked = Object.values(sources).flatMap((text) =>
    [...text.matchAll(/\bt\('([\w.]+)'/g)].map((match) => match[1] ?? ''),
  )
  expect(asked.length).toBeGreaterThan(100)
  expect(asked.filter((key) => !english.has(key))).toEqual([])
})

describe('fill', () => {
  it('puts values in and leaves unknown places as they are', () => {
    expect(fill('Edit {name} {other}', { name: 'Li' }, 'en')).toBe('Edit Li {other}')
  })

  it('chooses the form by the number', () => {
    expect(fill('{n} part|{n} parts', { n: 1 }, 'en')).toBe('1 part')
    expect(fill('{n} part|{n} parts', { n: 0 }, 'en')).toBe('0 parts')
    expect(fill('{n} 个', { n: 1 }, 'zh-Hans')).toBe('1 个')
  })
})

it.each([
  ['zh-CN', 'zh-Hans'],
  ['zh', 'zh-Hans'],
  ['zh-TW', 'zh-Hant'],
  ['zh-HK', 'zh-Hant'],
  ['zh-Hans-HK', 'zh-Hans'],
  ['zh_Hant', 'zh-Hant'],
  ['en-GB', 'en'],
  ['de', null],
  ['', null],
])('reads %s as %s', (tag, expected) => expect(nearest(tag)).toBe(expected))
