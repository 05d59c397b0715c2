import { onScopeDispose, ref, shallowRef, type Ref, type ShallowRef } from 'vue'
import { withdrawn } from '../api/client'
import type { Phase } from './usePagedList'

export interface Resource<T> {
  value: ShallowRef<T | null>
  phase: Ref<Phase>
  fault: ShallowRef<unknown>
  /** With `quiet`, a failure leaves the last value on screen and is thrown to the caller instead. */
  reload: (quiet?: boolean) => Promise<void>
}

/** One thing read from the server; only the last reload counts. */
export function useResource<T>(read: (signal: AbortSignal) => Promise<T>): Resource<T> {
  const value = shallowRef<T | null>(null)
  const phase = ref<Phase>('loading')
  const fault = shallowRef<unknown>(null)
  let running: AbortController | null = null

  async function reload(quiet = false): Promise<void> {
    running?.abort()
    const mine = (running = new AbortController())
    if (!quiet) {
      value.value = null
      phase.value = 'loading'
    }
    try {
      const answer = await read(mine.signal)
      if (mine.signal.aborted) return
      value.value = answer
      phase.value = 'ready'
    } catch (cause) {
      if (withdrawn(cause) || mine.signal.aborted) return
      if (quiet && value.value !== null) throw cause
      fault.value = cause
      phase.value = 'failed'
    }
  }

  onScopeDispose(() => running?.abort())
  return { value, phase, fault, reload }
}
