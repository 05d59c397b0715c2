export const LOCALES = ['zh-Hans', 'zh-Hant', 'en'] as const

export type Locale = (typeof LOCALES)[number]

/** The nearest of our three locales for any BCP 47 tag; undefined when the language is none of ours. */
export function matchLocale(tag: string | null | undefined): Locale | undefined {
  const parts = (tag ?? '').toLowerCase().split(/[-_]/)
  if (parts[0] === 'en') return 'en'
  if (parts[0] !== 'zh') return undefined
  if (parts.includes('hans')) return 'zh-Hans'
  return parts.some((part) => ['hant', 'tw', 'hk', 'mo'].includes(part)) ? 'zh-Hant' : 'zh-Hans'
}

/** The language to begin with: what was asked for, else the browser's list, else Simplified Chinese. */
export function firstLocale(asked: string | null, preferred: readonly string[]): Locale {
  return matchLocale(asked) ?? preferred.map(matchLocale).find((locale) => locale !== undefined) ?? LOCALES[0]
}
