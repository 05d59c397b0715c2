import { ref, shallowRef, watchEffect } from 'vue'
import { useLanguage } from '../api/client'
import type en from './en'
import type { Tree } from './words'

export const LOCALES = ['zh-Hans', 'zh-Hant', 'en'] as const
export type Locale = (typeof LOCALES)[number]

/** What each language calls itself; never translated. */
export const LOCALE_NAMES: Record<Locale, string> = { 'zh-Hans': '简体中文', 'zh-Hant': '繁體中文', en: 'English' }

type Paths<T> = {
  [K in keyof T & string]: T[K] extends string ? K : `${K}.${Paths<T[K]>}`
}[keyof T & string]
export type Key = Paths<typeof en>

const loaders: Record<Locale, () => Promise<{ default: Tree }>> = {
  'zh-Hans': () => import('./zh-Hans'),
  'zh-Hant': () => import('./zh-Hant'),
  en: () => import('./en'),
}

const STORED = 'yingda.locale'
export const locale = ref<Locale>('en')
const words = shallowRef<ReadonlyMap<string, string>>(new Map())

/** `{a: {b: 'x'}}` becomes `a.b -> x`. */
export function flatten(tree: Tree, prefix = '', into = new Map<string, string>()): Map<string, string> {
  for (const [key, value] of Object.entries(tree)) {
    const path = prefix ? `${prefix}.${key}` : key
    if (typeof value === 'string') into.set(path, value)
    else flatten(value, path, into)
  }
  return into
}

/** The console's language for a BCP 47 tag, or null where it has none. */
export function nearest(tag: string): Locale | null {
  const parts = tag.toLowerCase().split(/[-_]/)
  if (parts[0] === 'en') return 'en'
  if (parts[0] !== 'zh') return null
  const traditional = parts.some((part) => part === 'hant' || part === 'tw' || part === 'hk' || part === 'mo')
  return traditional && !parts.includes('hans') ? 'zh-Hant' : 'zh-Hans'
}

export function preferred(): Locale {
  const candidates = [localStorage.getItem(STORED) ?? '', ...navigator.languages]
  for (const tag of candidates) {
    const found = nearest(tag)
    if (found) return found
  }
  return 'en'
}

/** Shows the console in `next`; the choice outlives the visit in this browser. */
export async function speak(next: Locale): Promise<void> {
  const loaded = await loaders[next]()
  words.value = flatten(loaded.default)
  locale.value = next
  localStorage.setItem(STORED, next)
}

watchEffect(() => {
  useLanguage(locale.value)
  if (typeof document !== 'undefined') document.documentElement.lang = locale.value
})

/**
 * Fills `{name}` from `values`. Where the sentence has the form `one|many`, `values.n` picks the form by the
 * language's plural rule.
 */
export function fill(sentence: string, values: Record<string, string | number>, language: string): string {
  const forms = sentence.split('|')
  const many = forms.length > 1 && new Intl.PluralRules(language).select(Number(values.n)) !== 'one'
  const form = (many ? forms[1] : forms[0]) ?? ''
  return form.replace(/\{(\w+)\}/g, (whole, name: string) => String(values[name] ?? whole))
}

export function t(key: Key, values: Record<string, string | number> = {}): string {
  return fill(words.value.get(key) ?? key, values, locale.value)
}

/** For names that come from the server (a role, a channel): its word where there is one, else the name itself. */
export function named(prefix: string, name: string): string {
  return words.value.get(`${prefix}.${name}`) ?? name
}

export function known(prefix: string): string[] {
  const start = `${prefix}.`
  return [...words.value.keys()].filter((key) => key.startsWith(start)).map((key) => key.slice(start.length))
}
