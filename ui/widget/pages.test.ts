import { describe, expect, it } from 'vitest'
import { en } from '../demo/texts/en'
import { zhHans } from '../demo/texts/zh-hans'
import { zhHant } from '../demo/texts/zh-hant'
import shop from '../demo/index.html?raw'
import frame from './frame.html?raw'

const art = import.meta.glob<string>('../demo/art/*.svg', { query: '?raw', import: 'default', eager: true })

describe('pages under a strict policy', () => {
  it.each([['frame.html', frame], ['index.html', shop]])('%s has neither inline style nor inline script', (_, html) => {
    expect(html).not.toMatch(/\sstyle\s*=/)
    expect(html).not.toMatch(/<style/)
    expect(html).not.toMatch(/\son[a-z]+\s*=/)
    expect(html).not.toMatch(/<script(?![^>]*\ssrc=)/)
    expect(html).not.toMatch(/javascript:/)
  })

  it('pictures carry no style or script of their own', () => {
    expect(Object.keys(art).length).toBeGreaterThan(6)
    for (const picture of Object.values(art)) expect(picture).not.toMatch(/style|script|href|\son[a-z]+=/)
  })
})

describe('the demo shop', () => {
  const keys = new Set([...shop.matchAll(/data-t(?:-rich|-label|-alt)?="([^"]+)"|data-ask="([^"]+)"/g)].map((match) => match[1] ?? match[2] ?? ''))

  it.each([['en', en], ['zh-Hant', zhHant]])('says everything in %s, and nothing that is not on the page', (_, texts) => {
    const expected = [...keys, 'copied'].sort()
    expect(Object.keys(texts).sort()).toEqual(expected)
    for (const text of Object.values(texts)) expect(text).not.toBe('')
  })

  it('knows the questions of its buttons in Simplified Chinese', () => {
    const asked = [...shop.matchAll(/data-ask="([^"]+)"/g)].map((match) => match[1])
    for (const key of asked) expect(zhHans).toHaveProperty(key as string)
  })
})
