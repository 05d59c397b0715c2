import { shallowRef, type ShallowRef } from 'vue'
import type { Lift } from '../api/veil'

export interface Veil {
  /** Goes along with every reading while the veil is lifted. */
  lift: ShallowRef<Lift | null>
  /** Reads again with everything shown; throws what the reading throws, and then all is as before. */
  show: (reason: string) => Promise<void>
  hide: () => Promise<void>
}

/** Sensitive data in one view: hidden at first, shown for a reason, hidden again. `reload` reads with `lift`. */
export function useVeil(reload: () => Promise<void>): Veil {
  const lift = shallowRef<Lift | null>(null)

  async function set(next: Lift | null): Promise<void> {
    const before = lift.value
    lift.value = next
    try {
      await reload()
    } catch (fault) {
      lift.value = before
      throw fault
    }
  }
  return { lift, show: (reason) => set({ unmask: 1, reason }), hide: () => set(null) }
}
