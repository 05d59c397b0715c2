import { describe, expect, it, vi } from 'vitest'
import type { Page } from '../src/api/client'
import { usePagedList } from '../src/lists/usePagedList'
import { useSearch } from '../src/lists/useSearch'

interface Row {
  id: string
}

const rows = (...ids: string[]): Row[] => ids.map((id) => ({ id }))
const page = (next: string | null, ...ids: string[]): Page<Row> => ({ items: rows(...ids), next })
const ids = (list: { items: { value: Row[] } }): string[] => list.items.value.map((row) => row.id)

describe('usePagedList', () => {
  it('reads page after page with the cursor, each row once', async () => {
    const read = vi
      .fn<(cursor: string | null) => Promise<Page<Row>>>()
      .mockResolvedValueOnce(page('b', 'a', 'b'))
      .mockResolvedValueOnce(page(null, 'b', 'c'))
    const list = usePagedList<Row>(read)
    await list.reload()
    expect([ids(list), list.further.value, list.phase.value]).toEqual([['a', 'b'], true, 'ready'])
    await list.more()
    expect([ids(list), list.further.value]).toEqual([['a', 'b', 'c'], false])
    await list.more()
    expect(read.mock.calls.map(([cursor]) => cursor)).toEqual([null, 'b'])
  })

  it('keeps the rows when the next page fails, and can try again', async () => {
    const read = vi
      .fn<() => Promise<Page<Row>>>()
      .mockResolvedValueOnce(page('b', 'a'))
      .mockRejectedValueOnce(new Error('down'))
      .mockResolvedValueOnce(page(null, 'b'))
    const list = usePagedList<Row>(read)
    await list.reload()
    await list.more()
    expect([ids(list), list.moreFault.value, list.loadingMore.value]).toEqual([['a'], new Error('down'), false])
    await list.more()
    expect([ids(list), list.moreFault.value]).toEqual([['a', 'b'], null])
  })

  it('shows the answer to the last question even when an earlier one comes later', async () => {
    const waiting: ((answer: Page<Row>) => void)[] = []
    const list = usePagedList<Row>(() => new Promise((resolve) => waiting.push(resolve)))
    const first = list.reload()
    const second = list.reload()
    waiting[1]?.(page(null, 'new'))
    waiting[0]?.(page(null, 'old'))
    await Promise.all([first, second])
    expect(ids(list)).toEqual(['new'])
  })

  it('fails in the open at first, quietly when rows are there', async () => {
    const read = vi.fn<() => Promise<Page<Row>>>().mockRejectedValueOnce(new Error('down'))
    const list = usePagedList<Row>(read)
    await list.reload()
    expect(list.phase.value).toBe('failed')
    read.mockResolvedValueOnce(page(null, 'a'))
    await list.renew()
    expect(ids(list)).toEqual(['a'])
    read.mockRejectedValueOnce(new Error('down'))
    await expect(list.reload(true)).rejects.toThrow('down')
    expect([list.phase.value, ids(list)]).toEqual(['ready', ['a']])
  })

  it('puts new rows first, known ones not twice', async () => {
    const list = usePagedList<Row>(() => Promise.resolve(page(null, 'b', 'c')))
    await list.reload()
    list.prepend(rows('a', 'b'))
    expect(ids(list)).toEqual(['a', 'b', 'c'])
  })
})

describe('useSearch', () => {
  it('reads again when the words have changed, blanks around them aside', () => {
    const reload = vi.fn()
    const { typed, searched, search, clear } = useSearch(reload)
    search()
    typed.value = ' li '
    search()
    typed.value = 'li'
    search()
    expect([searched.value, reload.mock.calls.length]).toEqual(['li', 1])
    clear()
    expect([typed.value, searched.value, reload.mock.calls.length]).toEqual(['', '', 2])
  })
})
