import { onBeforeUnmount, ref, watch, type Ref } from 'vue'
import { previewAnswer, type WholeVisit } from '../../api/queue'
import { bytesOf } from './reach'

const PAUSE_MS = 500

/** The messages that it would go out as, once it is too much for one and the writer has paused; else none. */
export function usePreview(visit: () => WholeVisit, text: Ref<string>, files: Ref<string[]>): Ref<string[]> {
  const messages = ref<string[]>([])
  let timer: number | undefined
  let asked = 0

  async function ask(words: string, ids: string[]): Promise<void> {
    const mine = (asked += 1)
    try {
      const found = await previewAnswer(visit().id, words, ids)
      if (mine === asked) messages.value = found.messages.length > 1 ? found.messages : []
    } catch {
      // The preview is a help; sending tells what is wrong.
      if (mine === asked) messages.value = []
    }
  }

  watch(
    [text, files],
    ([value, ids]) => {
      window.clearTimeout(timer)
      const limit = visit().reach?.text_bytes ?? Infinity
      const words = value.trim()
      const many = visit().reach !== null && ids.length + (words ? 1 : 0) > 1
      if (many || bytesOf(words) > limit) {
        timer = window.setTimeout(() => void ask(words, ids), PAUSE_MS)
        return
      }
      asked += 1
      messages.value = []
    },
    { immediate: true },
  )
  onBeforeUnmount(() => window.clearTimeout(timer))
  return messages
}
