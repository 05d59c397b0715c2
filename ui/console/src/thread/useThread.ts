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

/** Of so many of the last messages it is read again what has become of them, as long as something may. */
const UNSETTLED_WITHIN = 50

function hides({ text, attachments, links, location }: Body): boolean {
  if (location && location.latitude === undefined) return true
  return isMasked(text) || !!attachments?.some((one) => isMasked(one.name)) || !!links?.some((one) => isMasked(one.label))
}

/** Whether what became of a line that we send ourselves is not yet, or may not stay, as it is. */
function isOpen({ delivery, state }: Message): boolean {
  return !!delivery && ['queued', 'begun', 'held', 'unknown'].includes(state ?? '')
}

/** The `seq` after which to read: whatever is new, and the lines that are still on their way. */
export function readFrom(messages: readonly Message[]): number {
  const open = messages.slice(-UNSETTLED_WITHIN).find(isOpen)
  return open ? open.seq - 1 : (messages.at(-1)?.seq ?? 0)
}

/** `known` with what was read now, each `seq` once; the same list where nothing has changed. */
export function merged(known: Message[], read: readonly Message[]): Message[] {
  const fresh = new Map(read.map((message) => [message.seq, message]))
  const changed = read.some((one) => {
    const before = known.find((message) => message.seq === one.seq)
    return !before || before.state !== one.state || JSON.stringify(before.delivery) !== JSON.stringify(one.delivery)
  })
  return changed ? [...known.filter((message) => !fresh.has(message.seq)), ...read] : known
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
    let after = readFrom(messages.value)
    do {
      const page = await listMessages(conversation(), after, PAGE, signal, veil.lift.value)
      if (signal.aborted) return
      messages.value = merged(messages.value, page.items)
      after = messages.value.at(-1)?.seq ?? 0
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
