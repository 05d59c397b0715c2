import { ref, watchEffect } from 'vue'

export const THEMES = ['auto', 'light', 'dark'] as const
export type Theme = (typeof THEMES)[number]

const STORED = 'yingda.theme'
const system = matchMedia('(prefers-color-scheme: dark)')
const systemDark = ref(system.matches)
system.addEventListener('change', (event) => (systemDark.value = event.matches))

function stored(): Theme {
  const value = localStorage.getItem(STORED)
  return THEMES.find((theme) => theme === value) ?? 'auto'
}

export const theme = ref<Theme>(stored())

export function chooseTheme(next: Theme): void {
  theme.value = next
  localStorage.setItem(STORED, next)
}

watchEffect(() => {
  const dark = theme.value === 'dark' || (theme.value === 'auto' && systemDark.value)
  document.documentElement.classList.toggle('dark', dark)
})
