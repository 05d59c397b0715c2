import { computed, ref, shallowRef } from 'vue'
import type { Page } from '../../api/client'
import type { PagedList } from '../../lists/usePagedList'
import { usePolling } from '../../lists/usePolling'

const EVERY_MS = 5000
const SHOWN_AS_NEW_MS = 3000

/**
 * Watches a newest-first list for rows that came since. They wait behind a "n new" button, so that nothing moves
 * under the reader's eyes; an empty list takes them at once.
 */
export function useFresh<T extends { id: string }>(list: PagedList<T>, newest: () => Promise<Page<T>>) {
  const waiting = shallowRef<T[]>([])
  /** The page of newest rows does not reach down to the known ones: there are more than could be counted. */
  const gap = ref(false)
  const arrived = shallowRef<ReadonlySet<string>>(new Set())
  const checkedAt = ref(Date.now())
  /** Answers to questions asked before the last reset are about another list. */
  let round = 0

  async function check(): Promise<void> {
    if (list.phase.value !== 'ready') return
    const mine = round
    const page = await newest()
    if (mine !== round || list.phase.value !== 'ready') return
    checkedAt.value = Date.now()
    const shown = new Set(list.items.value.map((row) => row.id))
    const first = page.items.findIndex((row) => shown.has(row.id))
    waiting.value = first < 0 ? page.items : page.items.slice(0, first)
    gap.value = first < 0 && page.next !== null
    if (!shown.size && waiting.value.length) await show()
  }

  async function show(): Promise<void> {
    const ids = waiting.value.map((row) => row.id)
    if (gap.value) await list.reload(true)
    else list.prepend(waiting.value)
    reset()
    arrived.value = new Set(ids)
    window.setTimeout(() => (arrived.value = new Set()), SHOWN_AS_NEW_MS)
  }

  function reset(): void {
    round += 1
    waiting.value = []
    gap.value = false
    checkedAt.value = Date.now()
  }

  usePolling(check, EVERY_MS)
  const label = computed(() => `${waiting.value.length}${gap.value ? '+' : ''}`)
  return { waiting, label, arrived, checkedAt, show, reset }
}
