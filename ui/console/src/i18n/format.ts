import { locale } from './index'

/** English readers keep their own country's order of day and month. */
function tag(): string {
  if (locale.value !== 'en') return locale.value === 'zh-Hant' ? 'zh-Hant-TW' : 'zh-Hans-CN'
  return navigator.languages.find((candidate) => candidate.startsWith('en-')) ?? 'en'
}

const cache = new Map<string, Intl.DateTimeFormat>()

function stamp(kind: string, options: Intl.DateTimeFormatOptions): Intl.DateTimeFormat {
  const key = `${tag()} ${kind}`
  let found = cache.get(key)
  if (!found) {
    found = new Intl.DateTimeFormat(tag(), options)
    cache.set(key, found)
  }
  return found
}

const CLOCK: Intl.DateTimeFormatOptions = { hour: '2-digit', minute: '2-digit', hourCycle: 'h23' }

function sameDay(one: Date, other: Date): boolean {
  return one.toDateString() === other.toDateString()
}

/** For rows: seconds today, day and minute this year, else the date. */
export function shortTime(iso: string, now: Date = new Date()): string {
  const at = new Date(iso)
  if (sameDay(at, now)) return stamp('seconds', { ...CLOCK, second: '2-digit' }).format(at)
  if (at.getFullYear() === now.getFullYear()) {
    return stamp('day', { ...CLOCK, month: '2-digit', day: '2-digit' }).format(at)
  }
  return dateNumbers(iso)
}

/** For hovering: day of the week, date, time to the second, zone. */
export function exactTime(iso: string): string {
  return stamp('exact', {
    ...CLOCK,
    weekday: 'short',
    year: 'numeric',
    month: 'long',
    day: 'numeric',
    second: '2-digit',
    timeZoneName: 'short',
  }).format(new Date(iso))
}

export function clock(iso: string): string {
  return stamp('clock', CLOCK).format(new Date(iso))
}

export function dayName(iso: string): string {
  return stamp('long day', { weekday: 'long', year: 'numeric', month: 'long', day: 'numeric' }).format(new Date(iso))
}

export function dateOnly(iso: string): string {
  return stamp('medium', { year: 'numeric', month: 'short', day: 'numeric' }).format(new Date(iso))
}

/** The date in figures, for narrow columns. */
export function dateNumbers(iso: string): string {
  return stamp('date', { year: 'numeric', month: '2-digit', day: '2-digit' }).format(new Date(iso))
}

const STEPS: [Intl.RelativeTimeFormatUnit, number][] = [
  ['second', 60],
  ['minute', 60],
  ['hour', 24],
  ['day', 30],
  ['month', 12],
]

/** "3 minutes ago", rounded down to the largest whole unit; a moment that lies ahead by a clock's fault is now. */
export function ago(iso: string, now: number = Date.now()): string {
  return distance(Math.min(Date.parse(iso), now), now)
}

/** "in 5 days", "2 hours ago", rounded down to the largest whole unit. */
export function distance(at: number, now: number = Date.now()): string {
  const words = new Intl.RelativeTimeFormat(tag(), { numeric: 'auto' })
  let amount = Math.trunc((at - now) / 1000)
  for (const [unit, size] of STEPS) {
    if (Math.abs(amount) < size) return words.format(amount, unit)
    amount = Math.trunc(amount / size)
  }
  return words.format(amount, 'year')
}

/** Milliseconds as a person reads them: `42 ms`, `1.3 s`. */
export function latency(ms: number): string {
  if (ms < 1000) return `${Math.round(ms)} ms`
  return `${new Intl.NumberFormat(tag(), { maximumFractionDigits: ms < 10_000 ? 1 : 0 }).format(ms / 1000)} s`
}

/** Seconds as the two largest units: `2 d 3 h`, `5 min 10 s`. */
export function span(seconds: number): string {
  const whole = Math.max(0, Math.floor(seconds))
  const parts: [number, Intl.NumberFormatOptions['unit']][] = [
    [Math.floor(whole / 86_400), 'day'],
    [Math.floor(whole / 3600) % 24, 'hour'],
    [Math.floor(whole / 60) % 60, 'minute'],
    [whole % 60, 'second'],
  ]
  const first = parts.findIndex(([amount]) => amount > 0)
  const shown = first < 0 ? parts.slice(3) : parts.slice(first, first + 2).filter(([amount]) => amount > 0)
  return shown
    .map(([amount, unit]) => new Intl.NumberFormat(tag(), { style: 'unit', unit, unitDisplay: 'short' }).format(amount))
    .join(' ')
}

export function fileSize(bytes: number): string {
  const units = ['byte', 'kilobyte', 'megabyte'] as const
  const step = bytes < 1000 ? 0 : bytes < 1_000_000 ? 1 : 2
  const options = { style: 'unit', unit: units[step], unitDisplay: 'short', maximumFractionDigits: 1 } as const
  return new Intl.NumberFormat(tag(), options).format(bytes / 1000 ** step)
}

/** An amount in minor units (cents, fen) in its currency. */
export function money(minor: number, currency: string): string {
  const words = new Intl.NumberFormat(tag(), { style: 'currency', currency })
  return words.format(minor / 10 ** (words.resolvedOptions().maximumFractionDigits ?? 2))
}

export function percent(share: number): string {
  return new Intl.NumberFormat(tag(), { style: 'percent' }).format(share)
}

export function count(n: number): string {
  return new Intl.NumberFormat(tag()).format(n)
}

/** Whether a moment lies today, tomorrow or on another day, with the words for its day and its time. */
export function upcoming(iso: string, now: Date = new Date()): { when: 'today' | 'tomorrow' | 'day'; day: string; time: string } {
  const at = new Date(iso)
  const next = new Date(now.getFullYear(), now.getMonth(), now.getDate() + 1)
  const when = sameDay(at, now) ? 'today' : sameDay(at, next) ? 'tomorrow' : 'day'
  return { when, day: stamp('month day', { month: 'short', day: 'numeric' }).format(at), time: clock(iso) }
}
