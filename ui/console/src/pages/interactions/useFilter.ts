import { computed, reactive, watch } from 'vue'
import { useRoute, useRouter } from 'vue-router'

const KEYS = ['q', 'channel', 'direction', 'outcome'] as const
export type Filter = Record<(typeof KEYS)[number], string>

/** The list's filter, kept in the address: a reload, a bookmark and "back" find the same rows. */
export function useFilter(name: string, changed: () => void) {
  const route = useRoute()
  const router = useRouter()
  const filter = reactive<Filter>({ q: '', channel: '', direction: '', outcome: '' })

  function adopt(): boolean {
    let differs = false
    for (const key of KEYS) {
      const value = route.query[key]
      const wanted = typeof value === 'string' ? value : ''
      if (filter[key] !== wanted) differs = true
      filter[key] = wanted
    }
    return differs
  }

  adopt()
  let applied = JSON.stringify(filter)

  function apply(): void {
    const next = JSON.stringify(filter)
    if (next === applied) return
    applied = next
    void router.replace({ name, query: Object.fromEntries(KEYS.filter((k) => filter[k]).map((k) => [k, filter[k]])) })
    changed()
  }

  function clear(): void {
    for (const key of KEYS) filter[key] = ''
    apply()
  }

  // "Back" to another filter, or the navigation entry clicked again.
  watch(
    () => route.fullPath,
    () => {
      if (route.name !== name || !adopt()) return
      applied = JSON.stringify(filter)
      changed()
    },
  )

  const active = computed(() => KEYS.some((key) => filter[key] !== ''))
  return { filter, active, apply, clear }
}
