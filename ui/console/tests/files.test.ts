import { afterEach, beforeAll, expect, it, vi } from 'vitest'
import { nextTick, ref } from 'vue'
import type { WholeVisit } from '../src/api/queue'
import { answerVisit } from '../src/api/queue'
import { speak } from '../src/i18n'
import { MOST_BYTES, MOST_FILES, useFiles } from '../src/pages/queue/useFiles'
import { usePreview } from '../src/pages/queue/usePreview'

const REACH = { kind: 'open', left: 5, until: null, waiting: 0, text_bytes: 2048 } as const
const calls: { path: string; body: unknown }[] = []

/** A server that answers these, one after the other, and keeps what it was asked. */
function serve(...answers: [number, unknown][]): void {
  calls.length = 0
  vi.stubGlobal('fetch', (path: string, { body }: { body: unknown }) => {
    calls.push({ path, body })
    const [status, told] = answers.shift() ?? [500, {}]
    return Promise.resolve(new Response(JSON.stringify(told), { status }))
  })
}

const picture = (name: string, size = 3): File => {
  const file = new File(['abc'], name)
  Object.defineProperty(file, 'size', { value: size })
  return file
}

beforeAll(async () => {
  vi.stubGlobal('localStorage', { setItem: () => undefined })
  vi.stubGlobal('document', { documentElement: {} })
  await speak('en')
})

afterEach(() => {
  vi.unstubAllGlobals()
  vi.useRealTimers()
})

it('uploads what is chosen, keeps it for its conversation, and forgets what was sent', async () => {
  serve([201, { id: 'f1' }], [201, { id: 'f2' }])
  const files = useFiles('one')
  const adding = files.add([picture('a.png'), picture('b.pdf')])
  expect([files.busy.value, files.ids.value]).toEqual([true, []])
  await adding
  expect([files.busy.value, files.ids.value]).toEqual([false, ['f1', 'f2']])
  expect(calls.map((one) => one.path)).toEqual(['/api/queue/one/files', '/api/queue/one/files'])
  expect((calls[0]?.body as FormData).get('file')).toBeInstanceOf(File)
  expect(useFiles('two').list).toEqual([])
  expect(useFiles('one').ids.value).toEqual(['f1', 'f2'])
  files.sent(['f1'])
  expect(files.ids.value).toEqual(['f2'])
  files.drop(files.list[0]?.key ?? '')
  expect(files.list).toEqual([])
})

it('says in words which file is not taken, and keeps the others', async () => {
  serve([415, { code: 'type_refused', detail: 'other words' }], [503, {}], [201, { id: 'f3' }])
  const files = useFiles('three')
  const chosen = [picture('big.mp4', MOST_BYTES + 1), picture('none.png', 0), picture('x.exe'), picture('y.png'), picture('z.png')]
  await files.add(chosen)
  expect(calls).toHaveLength(3)
  expect(files.ids.value).toEqual(['f3'])
  expect(files.faults.value).toHaveLength(4)
  for (const [place, name] of ['big.mp4', 'none.png', 'x.exe', 'y.png'].entries())
    expect(files.faults.value[place]).toContain(name)
  expect(files.faults.value[2]).toContain('AMR')
  files.drop(files.list[0]?.key ?? '')
  expect(files.faults.value).toEqual([])
})

it('takes no more files than go with one answer', async () => {
  serve(...Array.from({ length: MOST_FILES }, (_, n): [number, unknown] => [201, { id: `f${n}` }]))
  const files = useFiles('four')
  await files.add(Array.from({ length: MOST_FILES + 2 }, (_, n) => picture(`${n}.png`)))
  expect(files.ids.value).toHaveLength(MOST_FILES)
  expect(files.faults.value).toHaveLength(1)
  expect(calls).toHaveLength(MOST_FILES)
})

it('does not say that a file failed that was taken away meanwhile', async () => {
  serve([500, {}])
  const files = useFiles('five')
  const adding = files.add([picture('a.png')])
  files.drop(files.list[0]?.key ?? '')
  await adding
  expect([files.list, files.faults.value]).toEqual([[], []])
})

it('sends files without words, and words with them', async () => {
  serve([201, { seq: 1 }], [201, { seq: 2 }])
  await answerVisit('one', 's1', 3, '', ['f1'])
  await answerVisit('one', 's2', 3, 'look', ['f1'])
  expect(calls.map((one) => JSON.parse(String(one.body)) as unknown)).toEqual([
    { step: 's1', fence: 3, files: ['f1'] },
    { step: 's2', fence: 3, text: 'look', files: ['f1'] },
  ])
})

it('asks for the messages of an answer once files make it several', async () => {
  vi.useFakeTimers()
  vi.stubGlobal('window', globalThis)
  serve([200, { messages: ['look', 'a.png'] }])
  const text = ref('look')
  const files = ref<string[]>([])
  const visit = { id: 'one', reach: REACH } as unknown as WholeVisit
  const messages = usePreview(() => visit, text, files)
  await vi.advanceTimersByTimeAsync(1000)
  expect(calls).toHaveLength(0)
  files.value = ['f1']
  await nextTick()
  await vi.advanceTimersByTimeAsync(1000)
  expect(JSON.parse(String(calls[0]?.body))).toEqual({ text: 'look', files: ['f1'] })
  expect(messages.value).toEqual(['look', 'a.png'])
  text.value = ''
  await nextTick()
  await vi.advanceTimersByTimeAsync(1000)
  expect([calls.length, messages.value]).toEqual([1, []])
})
