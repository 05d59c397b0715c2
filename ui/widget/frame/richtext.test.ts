import { describe, expect, it } from 'vitest'
import { blocks, inlines, safeUrl } from './richtext'

describe('links', () => {
  it.each(['https://example.com/', 'http://example.com/', 'mailto:a@example.com', 'tel:+864000000000'])('lets %s through', (url) => {
    expect(safeUrl(url)).toBe(url)
  })

  it.each(['javascript:alert(1)', 'JaVaScRiPt:alert(1)', ' javascript:alert(1)', 'data:text/html,x', 'vbscript:x', '/relative', '//example.com', 'blob:x', ''])(
    'refuses %j',
    (url) => {
      expect(safeUrl(url)).toBeUndefined()
    },
  )

  it('finds addresses in a sentence without its punctuation', () => {
    expect(inlines('请看https://example.com/a?b=1，谢谢。See https://example.com/b.', false)).toEqual([
      { kind: 'text', text: '请看' },
      { kind: 'link', text: 'https://example.com/a?b=1', url: 'https://example.com/a?b=1' },
      { kind: 'text', text: '，谢谢。See ' },
      { kind: 'link', text: 'https://example.com/b', url: 'https://example.com/b' },
      { kind: 'text', text: '.' },
    ])
  })

  it('names links and stresses words for the shop only', () => {
    const text = '看[订单](https://example.com/orders)，**7 天**内'
    expect(inlines(text, true)).toEqual([
      { kind: 'text', text: '看' },
      { kind: 'link', text: '订单', url: 'https://example.com/orders' },
      { kind: 'text', text: '，' },
      { kind: 'strong', text: '7 天' },
      { kind: 'text', text: '内' },
    ])
    expect(inlines('[x](javascript:alert(1)', true)).not.toContainEqual(expect.objectContaining({ kind: 'link' }))
    expect(inlines('**mine**', false)).toEqual([{ kind: 'text', text: '**mine**' }])
  })

  it.each(['a'.repeat(8192), 'a@'.repeat(4096), '[a]('.repeat(2048), '**a'.repeat(2700), 'https://'.repeat(1000)])(
    'reads a hostile text of 8 kB in no time (%#)',
    (text) => {
      const start = performance.now()
      inlines(text, true)
      expect(performance.now() - start).toBeLessThan(250)
    },
  )
})

describe('blocks', () => {
  it('reads paragraphs and lists', () => {
    const found = blocks('可以退货：\n1. 打开订单\n2. 等审核\n之后退款。\n\n- 一\n- 二\n')
    expect(found.map((block) => block.kind)).toEqual(['paragraph', 'list', 'paragraph', 'list'])
    expect(found[1]).toMatchObject({ start: 1, items: [[{ text: '打开订单' }], [{ text: '等审核' }]] })
    expect(found[3]).toMatchObject({ start: undefined })
  })

  it('keeps the lines of a paragraph', () => {
    expect(blocks('a\nb')).toMatchObject([{ kind: 'paragraph', lines: [[{ text: 'a' }], [{ text: 'b' }]] }])
  })
})
