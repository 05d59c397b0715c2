import { computed, onScopeDispose, ref, shallowRef } from 'vue'
import { withdrawn } from '../api/client'
import { listMessages, type Body, type Message } from '../api/conversations'
import { isMasked } from '../api/veil'
import type { Phase } from '../lists/usePagedList'
import { usePolling } from '../lists/usePolling'
import { useVeil } from '../lists/useVeil'

const PAGE = 200
/** So many messages are read at once; the rest of a very long conversation on request. */
const AT_ONCE = 1000

function hides({ text, attachments, links }: Body): boolean {
  return isMasked(text) || !!attachments?.some((one) => isMasked(one.name)) || !!links?.some((one) => isMasked(one.label))
}

/** The messages of one conversation in order of `seq`, kept up to date while it is on screen. */
export function useThread(conversation: () => string) {
  const messages = shallowRef<Message[]>([])
  const phase = ref<Phase>('loading')
  const fault = shallowRef<unknown>(null)
  const further = ref(false)
  const busy = ref(false)
  let running: AbortController | null = null

  async function read(signal: AbortSignal): Promise<void> {
    let room = AT_ONCE
    do {
      const page = await listMessages(conversation(), messages.value.at(-1)?.seq ?? 0, PAGE, signal, veil.lift.value)
      if (signal.aborted) return
      if (page.items.length) messages.value = [...messages.value, ...page.items]
      further.value = page.next !== null && page.items.length > 0
      room -= PAGE
    } while (further.value && room > 0)
  }

  async function reload(): Promise<void> {
    veil.lift.value = null
    await start()
  }

  async function start(): Promise<void> {
    running?.abort()
    const mine = (running = new AbortController())
    messages.value = []
    phase.value = 'loading'
    try {
      await read(mine.signal)
      if (!mine.signal.aborted) phase.value = 'ready'
    } catch (cause) {
      if (withdrawn(cause) || mine.signal.aborted) return
      fault.value = cause
      phase.value = 'failed'
    }
  }

  /** Reads what follows; throws when it cannot. */
  async function more(): Promise<void> {
    if (phase.value !== 'ready' || busy.value || !running) return
    const { signal } = running
    busy.value = true
    try {
      await read(signal)
    } catch (cause) {
      if (!signal.aborted) throw cause
    } finally {
      busy.value = false
    }
  }

  const veil = useVeil(start)
  const hidden = computed(() => messages.value.some((message) => hides(message.body)))

  // While older pages are still to be read, following the end would fetch them unasked; with the veil lifted each
  // look is a line in the access log.
  usePolling(() => (further.value || veil.lift.value ? Promise.resolve() : more()), 4000)
  onScopeDispose(() => running?.abort())

  /** What each choice offered so far was called, so that a tap can be shown in words. */
  const labels = computed(
    () => new Map(messages.value.flatMap((message) => (message.body.choices ?? []).map((c) => [c.id, c.label]))),
  )
  return { messages, phase, fault, further, busy, labels, veil, hidden, reload, more }
}
