import { onActivated, onBeforeUnmount, onDeactivated, onMounted } from 'vue'

const SLOWEST_MS = 60_000

/**
 * Calls `act` every `pause` ms, one call at a time, while the page is on screen and the browser tab visible; a tab
 * that becomes visible again asks at once. After a failure the pause doubles, up to a minute.
 */
export function usePolling(act: () => Promise<void>, pause: number): void {
  let timer: number | undefined
  let on = false
  let busy = false
  let wait = pause

  async function tick(): Promise<void> {
    window.clearTimeout(timer)
    if (!on || busy || document.hidden) return
    busy = true
    try {
      await act()
      wait = pause
    } catch {
      // The connection banner tells of it; here it only slows the asking down.
      wait = Math.min(wait * 2, SLOWEST_MS)
    }
    busy = false
    schedule()
  }

  function schedule(): void {
    window.clearTimeout(timer)
    if (on) timer = window.setTimeout(() => void tick(), wait)
  }

  function wake(): void {
    if (!document.hidden) void tick()
  }

  function start(): void {
    if (on) return
    on = true
    document.addEventListener('visibilitychange', wake)
    schedule()
  }

  function stop(): void {
    on = false
    window.clearTimeout(timer)
    document.removeEventListener('visibilitychange', wake)
  }

  onMounted(start)
  onActivated(start)
  onDeactivated(stop)
  onBeforeUnmount(stop)
}
