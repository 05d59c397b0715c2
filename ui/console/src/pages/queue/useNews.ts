import { onBeforeUnmount, onMounted, ref, type Ref } from 'vue'
import { readNews } from '../../api/queue'

const FIRST_PAUSE_MS = 1000
const LONGEST_PAUSE_MS = 30_000

/**
 * Calls `changed` whenever the desk has changed, as soon as the server says so. It asks only while the browser tab is
 * visible; after a failure it pauses, longer each time. `lost` is true while the server does not answer.
 */
export function useNews(changed: () => Promise<void>): { lost: Ref<boolean>; waiting: Ref<number> } {
  const lost = ref(false)
  const waiting = ref(0)
  let cursor = ''
  let running: AbortController | null = null
  let timer: number | undefined

  const pause = (ms: number): Promise<void> => new Promise((done) => (timer = window.setTimeout(done, ms)))

  async function follow(signal: AbortSignal): Promise<void> {
    let wait = FIRST_PAUSE_MS
    while (!signal.aborted) {
      try {
        // Who has lost the server wants to know at once that it is back.
        const news = await readNews(cursor, !lost.value && cursor !== '', signal)
        waiting.value = news.waiting
        if (news.cursor !== cursor || lost.value) await changed()
        cursor = news.cursor
        lost.value = false
        wait = FIRST_PAUSE_MS
      } catch {
        if (signal.aborted) return
        lost.value = true
        await pause(wait)
        wait = Math.min(wait * 2, LONGEST_PAUSE_MS)
      }
    }
  }

  function start(): void {
    stop()
    if (document.hidden) return
    running = new AbortController()
    void follow(running.signal)
  }

  function stop(): void {
    running?.abort()
    window.clearTimeout(timer)
  }

  onMounted(() => {
    document.addEventListener('visibilitychange', start)
    // A question that is under way hears of neither.
    window.addEventListener('online', start)
    window.addEventListener('offline', start)
    start()
  })
  onBeforeUnmount(() => {
    document.removeEventListener('visibilitychange', start)
    window.removeEventListener('online', start)
    window.removeEventListener('offline', start)
    stop()
  })
  return { lost, waiting }
}
