import { onActivated, onBeforeUnmount, onDeactivated, onMounted, ref } from 'vue'

/** True while the overview of the keys is open. */
export const helpOpen = ref(false)

type Act = () => void
const acts: Record<'fresh' | 'enter', Act | null> = { fresh: null, enter: null }

function whileShown(name: keyof typeof acts, act: Act): void {
  const set = (): void => void (acts[name] = act)
  const unset = (): void => {
    if (acts[name] === act) acts[name] = null
  }
  onMounted(set)
  onActivated(set)
  onDeactivated(unset)
  onBeforeUnmount(unset)
}

/** What `n` does while the page is on screen. */
export const onFresh = (act: Act): void => whileShown('fresh', act)
/** How j, k and the arrow keys get from the page into its table. */
export const useTableEntry = (act: Act): void => whileShown('enter', act)

function writing(target: EventTarget | null): boolean {
  return target instanceof HTMLElement && (target.isContentEditable || /^(INPUT|TEXTAREA|SELECT)$/.test(target.tagName))
}

/** `go` opens the n-th page of the navigation, counted from 1. */
export function handleKey(event: KeyboardEvent, go: (n: number) => void): void {
  if (event.ctrlKey || event.metaKey || event.altKey || event.defaultPrevented || writing(event.target)) return
  // An open drawer or dialog has the keyboard for itself.
  if ([...document.querySelectorAll('[aria-modal="true"]')].some((layer) => layer.checkVisibility())) return
  if (event.key === '/') {
    const field = document.querySelector<HTMLInputElement>('input[data-search], [data-search] input')
    if (!field) return
    event.preventDefault()
    field.focus()
    field.select()
  } else if (event.key === '?') helpOpen.value = true
  else if (event.key === 'n') acts.fresh?.()
  else if (/^[jk]$/.test(event.key) && !document.activeElement?.closest('.data-table')) acts.enter?.()
  else if (/^[1-9]$/.test(event.key)) go(Number(event.key))
}
