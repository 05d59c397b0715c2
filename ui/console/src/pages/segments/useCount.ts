import { onScopeDispose, ref, shallowRef, type Ref, type ShallowRef } from 'vue'
import { countSegment, type Json } from '../../api/segments'

const PAUSE_MS = 400

export interface Count {
  /** How many customers; null while it is not known. */
  count: Ref<number | null>
  busy: Ref<boolean>
  fault: ShallowRef<unknown>
  /** Counts a moment later, unless asked again before; null stops it. */
  ask: (condition: Json | null) => void
}

/** How many customers a condition holds for, counted anew as it changes; only the last answer counts. */
export function useCount(): Count {
  const count = ref<number | null>(null)
  const busy = ref(false)
  const fault = shallowRef<unknown>(null)
  let timer: number | undefined
  let turn = 0

  async function run(condition: Json, mine: number): Promise<void> {
    try {
      const answer = await countSegment(condition)
      if (mine === turn) count.value = answer.count
    } catch (cause) {
      if (mine === turn) fault.value = cause
    }
    if (mine === turn) busy.value = false
  }

  function ask(condition: Json | null): void {
    window.clearTimeout(timer)
    turn += 1
    const mine = turn
    fault.value = null
    count.value = null
    busy.value = condition !== null
    if (condition !== null) timer = window.setTimeout(() => void run(condition, mine), PAUSE_MS)
  }

  onScopeDispose(() => {
    window.clearTimeout(timer)
    turn += 1
  })
  return { count, busy, fault, ask }
}
