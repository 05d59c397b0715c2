import { ref, type Ref } from 'vue'

export interface Search {
  /** What stands in the box. */
  typed: Ref<string>
  /** What the list was read for, without blanks around it. */
  searched: Ref<string>
  search: () => void
  clear: () => void
}

/** The words of a search box over a list; `reload` is called when they have changed, and only then. */
export function useSearch(reload: () => void): Search {
  const typed = ref('')
  const searched = ref('')

  function search(): void {
    if (typed.value.trim() === searched.value) return
    searched.value = typed.value.trim()
    reload()
  }

  function clear(): void {
    typed.value = ''
    search()
  }

  return { typed, searched, search, clear }
}
