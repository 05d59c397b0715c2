import type { Theme } from '../shared/messages'
import { contrast, mixUntil, NEARLY_BLACK, parseColour, type Rgb, toCss, WHITE } from '../shared/colour'

/** The grounds that accented words stand on, the ones hardest to be read on. */
const SURFACES: Record<'light' | 'dark', Rgb> = { light: [245, 246, 247], dark: [38, 41, 46] }

/** Applies light or dark and the shop's accent, kept readable on whatever it is used with. */
export class ThemeSwitch {
  private readonly system = matchMedia('(prefers-color-scheme: dark)')

  constructor(
    private readonly root: HTMLElement,
    private theme: Theme,
    private readonly accent: Rgb | undefined,
  ) {
    this.system.addEventListener('change', () => this.apply())
    this.apply()
  }

  set(theme: Theme): void {
    this.theme = theme
    this.apply()
  }

  private apply(): void {
    const dark = this.theme === 'dark' || (this.theme === 'auto' && this.system.matches)
    this.root.dataset['theme'] = dark ? 'dark' : 'light'
    if (!this.accent) return
    const surface = SURFACES[dark ? 'dark' : 'light']
    const onAccent = contrast(WHITE, this.accent) >= 4.5 ? WHITE : NEARLY_BLACK
    const accent = onAccent === WHITE ? this.accent : mixUntil(this.accent, onAccent, WHITE)
    this.root.style.setProperty('--accent', toCss(accent))
    this.root.style.setProperty('--on-accent', toCss(onAccent))
    this.root.style.setProperty('--accent-text', toCss(mixUntil(this.accent, surface, dark ? WHITE : NEARLY_BLACK)))
  }
}

/** The shop's accent from the address; undefined when it is no colour. */
export function accentFrom(value: string | null): Rgb | undefined {
  return value ? parseColour(value) : undefined
}
