import { type Locale, matchLocale } from '../shared/locale'
import { type Theme, THEMES } from '../shared/messages'

export interface Options {
  /** Where the widget is served, with a slash at the end. */
  base: URL
  account: string
  locale: Locale
  theme: Theme
  title: string
  accent: string
}

/** Reads the script's own address and data attributes; whatever is missing or wrong falls back. */
export function readOptions(script: HTMLScriptElement): Options {
  const { account = 'shop', locale, theme, title = '', accent = '' } = script.dataset
  const languages = [locale, document.documentElement.lang, ...navigator.languages]
  return {
    base: new URL('.', script.src),
    account,
    locale: languages.map(matchLocale).find((found) => found !== undefined) ?? 'zh-Hans',
    theme: THEMES.find((name) => name === theme) ?? 'auto',
    title,
    accent,
  }
}

export function frameAddress(options: Options, accent: string): string {
  const url = new URL(`frame/${encodeURIComponent(options.account)}`, options.base)
  const { locale, theme, title } = options
  for (const [name, value] of Object.entries({ locale, theme, title, accent, origin: location.origin }))
    if (value) url.searchParams.set(name, value)
  return url.href
}
