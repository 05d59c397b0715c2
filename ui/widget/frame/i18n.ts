import type { Locale } from '../shared/locale'
import { en } from './texts/en'
import type { Texts } from './texts/texts'
import { zhHans } from './texts/zh-hans'
import { zhHant } from './texts/zh-hant'

export const TEXTS: Record<Locale, Texts> = { 'zh-Hans': zhHans, 'zh-Hant': zhHant, en }

function dayNumber(date: Date): number {
  return Math.floor((date.getTime() - date.getTimezoneOffset() * 60_000) / 86_400_000)
}

export function isSameDay(one: string, other: string): boolean {
  return dayNumber(new Date(one)) === dayNumber(new Date(other))
}

/** "Today", "Yesterday", else the date, with the year when it is not this one. */
export function dayLabel(at: string, locale: Locale, now: Date): string {
  const date = new Date(at)
  const ago = dayNumber(now) - dayNumber(date)
  if (ago === 0) return TEXTS[locale].today
  if (ago === 1) return TEXTS[locale].yesterday
  const year = date.getFullYear() === now.getFullYear() ? {} : ({ year: 'numeric' } as const)
  return new Intl.DateTimeFormat(locale, { ...year, month: 'long', day: 'numeric', weekday: 'short' }).format(date)
}

export function timeLabel(at: string, locale: Locale): string {
  return new Intl.DateTimeFormat(locale, { hour: '2-digit', minute: '2-digit', hourCycle: 'h23' }).format(new Date(at))
}

/** Bytes in the unit that people read, one decimal below ten. */
export function sizeLabel(bytes: number): string {
  const [value, unit] = bytes >= 1024 * 1024 ? [bytes / 1024 / 1024, 'MB'] : [bytes / 1024, 'kB']
  return `${value < 10 ? Math.max(0.1, Math.round(value * 10) / 10) : Math.round(value)} ${unit}`
}
