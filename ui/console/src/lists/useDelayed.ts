import { onScopeDispose } from 'vue'

/** Runs `act` once `ms` have passed without another call: for search fields. */
export function useDelayed(act: () => void, ms = 300): () => void {
  let timer: number | undefined
  onScopeDispose(() => window.clearTimeout(timer))
  return () => {
    window.clearTimeout(timer)
    timer = window.setTimeout(act, ms)
  }
}
