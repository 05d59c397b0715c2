import { firstLocale } from '../widget/shared/locale'
import type {} from '../widget/loader/main'
import { en } from './texts/en'
import { zhHans } from './texts/zh-hans'
import { zhHant } from './texts/zh-hant'

const TEXTS = { 'zh-Hans': zhHans, 'zh-Hant': zhHant, en }
const THEME_KEY = 'nuanju:theme'

const locale = firstLocale(new URLSearchParams(location.search).get('lang'), navigator.languages)
const texts = TEXTS[locale]

/** Words between backticks become code. */
function rich(text: string): Node[] {
  return text.split('`').map((part, index) => {
    if (index % 2 === 0) return document.createTextNode(part)
    const code = document.createElement('code')
    code.textContent = part
    return code
  })
}

/** Puts the chosen language into the page, which itself is written in Simplified Chinese. */
function translate(): void {
  // The chat's loader runs after this script and takes its language from here.
  document.documentElement.lang = locale
  for (const link of document.querySelectorAll('.languages a'))
    if (link.getAttribute('hreflang') === locale) link.setAttribute('aria-current', 'true')
  document.getElementById('privacy')?.setAttribute('href', `/privacy?lang=${locale}`)
  if (locale === 'zh-Hans') return
  for (const element of document.querySelectorAll<HTMLElement>('[data-t], [data-t-rich], [data-t-label], [data-t-alt]')) {
    const { t, tRich, tLabel, tAlt } = element.dataset
    if (t && texts[t]) element.textContent = texts[t]
    if (tRich && texts[tRich]) element.replaceChildren(...rich(texts[tRich]))
    if (tLabel && texts[tLabel]) element.setAttribute('aria-label', texts[tLabel])
    if (tAlt && texts[tAlt]) element.setAttribute('alt', texts[tAlt])
  }
}

function savedTheme(): string | null {
  try {
    return localStorage.getItem(THEME_KEY)
  } catch {
    return null
  }
}

function applyTheme(dark: boolean, button: HTMLElement): void {
  const theme = dark ? 'dark' : 'light'
  document.documentElement.dataset['theme'] = theme
  button.setAttribute('aria-pressed', String(dark))
  document.querySelector('script[data-account]')?.setAttribute('data-theme', theme)
  window.Yingda?.set({ theme })
}

function prepareTheme(): void {
  const button = document.getElementById('theme')
  if (!button) return
  const system = matchMedia('(prefers-color-scheme: dark)')
  const isDark = () => (savedTheme() ?? (system.matches ? 'dark' : 'light')) === 'dark'
  applyTheme(isDark(), button)
  system.addEventListener('change', () => applyTheme(isDark(), button))
  button.addEventListener('click', () => {
    const dark = button.getAttribute('aria-pressed') !== 'true'
    try {
      localStorage.setItem(THEME_KEY, dark ? 'dark' : 'light')
    } catch {
      // Without storage the choice lasts as long as the page.
    }
    applyTheme(dark, button)
  })
}

function prepareChat(): void {
  document.getElementById('open-chat')?.addEventListener('click', () => window.Yingda?.open())
  for (const button of document.querySelectorAll<HTMLElement>('[data-ask]'))
    button.addEventListener('click', () => window.Yingda?.open(texts[button.dataset['ask'] ?? '']))
}

function prepareSnippet(): void {
  const snippet = document.getElementById('snippet')
  const button = document.getElementById('copy')
  const status = document.getElementById('status')
  if (!snippet || !button || !status) return
  snippet.textContent = `<script src="${location.origin}/widget/loader.js"\n        data-account="shop" defer></script>`
  button.addEventListener('click', () => {
    const label = button.textContent
    void navigator.clipboard?.writeText(snippet.textContent).then(() => {
      button.textContent = status.textContent = texts['copied'] ?? ''
      setTimeout(() => (button.textContent = label), 2000)
    })
  })
}

translate()
prepareTheme()
prepareChat()
prepareSnippet()
