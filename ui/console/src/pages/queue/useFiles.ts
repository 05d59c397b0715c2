import { computed, reactive, ref, type ComputedRef, type Ref } from 'vue'
import { newKey } from '../../api/key'
import { Problem } from '../../api/problem'
import { keepFile } from '../../api/queue'
import { t } from '../../i18n'
import { explain } from '../../i18n/problem'

export const MOST_FILES = 9
export const MOST_BYTES = 10 * 1024 * 1024
/** What the dialog offers; the server looks at the content itself. */
export const ACCEPTED = '.png,.jpg,.jpeg,.gif,.webp,.pdf,.amr,.mp3,.mp4'

/** A file that goes out with the answer; its `id` comes with the end of its upload. */
export interface Attached {
  key: string
  name: string
  size: number
  id: string | null
}

export interface Files {
  list: Attached[]
  /** Sentences about files that could not be taken. */
  faults: Ref<string[]>
  ids: ComputedRef<string[]>
  busy: ComputedRef<boolean>
  add: (chosen: Iterable<File>) => Promise<void>
  drop: (key: string) => void
  /** Forgets those that were sent. */
  sent: (ids: string[]) => void
}

/** What was chosen and not sent, by conversation; for as long as the console is open. */
const held = new Map<string, Attached[]>()

function listOf(conversation: string): Attached[] {
  const known = held.get(conversation) ?? reactive<Attached[]>([])
  held.set(conversation, known)
  return known
}

function why(file: File, cause: unknown): string {
  if (cause instanceof Problem && cause.code === 'type_refused') return t('queue.file_refused', { name: file.name })
  if (cause instanceof Problem && cause.code === 'too_large') return t('queue.file_too_large', { name: file.name })
  return t('queue.file_failed', { name: file.name, why: explain(cause) })
}

/** The files of an answer: uploaded as soon as they are chosen, and taken away again until it is sent. */
export function useFiles(conversation: string): Files {
  const list = listOf(conversation)
  const faults = ref<string[]>([])

  function drop(key: string): void {
    const place = list.findIndex((one) => one.key === key)
    if (place >= 0) list.splice(place, 1)
  }

  async function upload(file: File): Promise<void> {
    const entry = reactive<Attached>({ key: newKey(), name: file.name, size: file.size, id: null })
    list.push(entry)
    try {
      entry.id = (await keepFile(conversation, file)).id
    } catch (cause) {
      const wanted = list.some((one) => one.key === entry.key)
      drop(entry.key)
      if (wanted) faults.value.push(why(file, cause))
    }
  }

  async function add(chosen: Iterable<File>): Promise<void> {
    faults.value = []
    const uploads: Promise<void>[] = []
    for (const file of chosen) {
      if (list.length >= MOST_FILES) {
        faults.value.push(t('queue.too_many_files', { n: MOST_FILES }))
        break
      }
      if (!file.size) faults.value.push(t('queue.file_empty', { name: file.name }))
      else if (file.size > MOST_BYTES) faults.value.push(t('queue.file_too_large', { name: file.name }))
      else uploads.push(upload(file))
    }
    await Promise.all(uploads)
  }

  return {
    list,
    faults,
    ids: computed(() => list.flatMap((one) => one.id ?? [])),
    busy: computed(() => list.some((one) => one.id === null)),
    add,
    drop: (key) => {
      faults.value = []
      drop(key)
    },
    sent: (ids) => {
      faults.value = []
      for (const one of [...list]) if (one.id && ids.includes(one.id)) drop(one.key)
    },
  }
}
