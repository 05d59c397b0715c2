import { computed, ref, shallowRef, type ComputedRef, type Ref, type ShallowRef } from 'vue'
import { withdrawn, type Page } from '../api/client'

export type Phase = 'loading' | 'ready' | 'failed'

export interface PagedList<T> {
  items: ShallowRef<T[]>
  phase: Ref<Phase>
  fault: ShallowRef<unknown>
  /** True when the server has rows beyond those shown. */
  further: ComputedRef<boolean>
  loadingMore: Ref<boolean>
  moreFault: ShallowRef<unknown>
  /** Starts from the first page. With `quiet`, rows stay on screen and a failure is thrown to the caller. */
  reload: (quiet?: boolean) => Promise<void>
  more: () => Promise<void>
  /**
   * Brings the rows up to date without a flicker, for a list one comes back to. A list read beyond its first page is
   * left alone, so that nobody loses the place.
   */
  renew: () => Promise<void>
  /** Puts rows before the first, leaving out those already shown. */
  prepend: (rows: T[]) => void
}

/** A list read page by page with the server's cursor. Only the last reload counts; earlier ones are withdrawn. */
export function usePagedList<T extends { id: string }>(
  read: (cursor: string | null, signal: AbortSignal) => Promise<Page<T>>,
): PagedList<T> {
  const items = shallowRef<T[]>([])
  const phase = ref<Phase>('loading')
  const fault = shallowRef<unknown>(null)
  const next = ref<string | null>(null)
  const loadingMore = ref(false)
  const moreFault = shallowRef<unknown>(null)
  const pages = ref(0)
  let running: AbortController | null = null

  function start(): AbortController {
    running?.abort()
    running = new AbortController()
    return running
  }

  function without(rows: T[], shown: T[]): T[] {
    const ids = new Set(shown.map((row) => row.id))
    return rows.filter((row) => !ids.has(row.id))
  }

  async function reload(quiet = false): Promise<void> {
    const mine = start()
    if (!quiet) phase.value = 'loading'
    loadingMore.value = false
    moreFault.value = null
    try {
      const page = await read(null, mine.signal)
      if (mine.signal.aborted) return
      items.value = page.items
      next.value = page.next
      pages.value = 1
      phase.value = 'ready'
    } catch (cause) {
      if (withdrawn(cause) || mine.signal.aborted) return
      if (quiet && phase.value === 'ready') throw cause
      fault.value = cause
      phase.value = 'failed'
    }
  }

  async function more(): Promise<void> {
    if (next.value === null || loadingMore.value) return
    const mine = start()
    loadingMore.value = true
    moreFault.value = null
    try {
      const page = await read(next.value, mine.signal)
      if (mine.signal.aborted) return
      items.value = [...items.value, ...without(page.items, items.value)]
      next.value = page.next
      pages.value += 1
    } catch (cause) {
      if (withdrawn(cause) || mine.signal.aborted) return
      moreFault.value = cause
    }
    loadingMore.value = false
  }

  async function renew(): Promise<void> {
    if (phase.value === 'failed') return reload()
    if (phase.value === 'ready' && pages.value === 1) await reload(true).catch(() => undefined)
  }

  function prepend(rows: T[]): void {
    items.value = [...without(rows, items.value), ...items.value]
  }

  const further = computed(() => next.value !== null)
  return { items, phase, fault, further, loadingMore, moreFault, reload, more, renew, prepend }
}
