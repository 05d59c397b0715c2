/** The page's words in three languages: the browser's first wish, until somebody chooses. */

import en from './words-en.js'
import hans from './words-zh-hans.js'
import hant from './words-zh-hant.js'

const WORDS = { 'zh-Hans': hans, 'zh-Hant': hant, en }
const KEPT = 'wechat-phone-language'

export const LANGUAGES = [['zh-Hans', '简体中文'], ['zh-Hant', '繁體中文'], ['en', 'English']]

function wished() {
  const asked = new URLSearchParams(location.search).get('lang') ?? localStorage.getItem(KEPT)
  if (asked in WORDS) return asked
  for (const tag of navigator.languages) {
    if (/^zh\b.*(hant|tw|hk|mo)/i.test(tag)) return 'zh-Hant'
    if (/^zh\b/i.test(tag)) return 'zh-Hans'
    if (/^en\b/i.test(tag)) return 'en'
  }
  return 'en'
}

export let language = wished()

export function choose(chosen) {
  language = chosen
  localStorage.setItem(KEPT, chosen)
}

/** The words for `key`, with `{name}` filled in; a key without words is told as it is. */
export function t(key, values = {}) {
  const words = WORDS[language][key] ?? key
  return words.replace(/\{(\w+)\}/g, (whole, name) => values[name] ?? whole)
}

/** Like `t`, but nothing where there are no words for the key. */
export const known = (key) => WORDS[language][key]

const SAYINGS = [
  [/there is a user .+ already/, 'said.user_taken'],
  [/there is no user/, 'said.no_user'],
  [/follows already/, 'said.follows_already'],
  [/does not follow/, 'said.not_following'],
  [/no such QR code/, 'said.no_qr'],
  [/no such button/, 'said.no_button'],
  [/no message menu/, 'said.no_choice'],
  [/there is no session/, 'said.no_session'],
  [/there is no fault/, 'said.no_fault'],
  [/60 s and 2 MB/, 'said.voice_long'],
  [/^user: .*pattern/s, 'said.bad_name'],
  [/no control/, 'said.foreign'],
]

/** What went wrong, in the reader's language; the API's own words stand behind where they say more. */
export function told(fault) {
  if (fault.status === undefined) return fault.message
  if (fault.status === 0) return t('said.nobody')
  const saying = SAYINGS.find(([pattern]) => pattern.test(fault.message))
  if (saying) return t(saying[1])
  if (fault.status === 413) return t('said.too_large')
  return t(fault.status >= 500 ? 'said.broken' : 'said.refused', { detail: fault.message || fault.status })
}

const format = (options) => new Map(LANGUAGES.map(([tag]) => [tag, new Intl.DateTimeFormat(tag, options)]))
const TIME = format({ hour: '2-digit', minute: '2-digit', hourCycle: 'h23' })
const SECONDS = format({ hour: '2-digit', minute: '2-digit', second: '2-digit', hourCycle: 'h23' })
const DAY = format({ month: 'short', day: 'numeric', hour: '2-digit', minute: '2-digit', hourCycle: 'h23' })
const FULL = format({ dateStyle: 'medium', timeStyle: 'medium', hourCycle: 'h23' })

export const clockTime = (seconds) => SECONDS.get(language).format(seconds * 1000)
export const fullTime = (seconds) => FULL.get(language).format(seconds * 1000)

/** The time of a separator: with its day unless that is today's. */
export function separatorTime(seconds, now) {
  const same = new Date(seconds * 1000).toDateString() === new Date(now * 1000).toDateString()
  return (same ? TIME : DAY).get(language).format(seconds * 1000)
}

/** A span of time in its two largest units. */
export function span(seconds) {
  const whole = Math.max(0, Math.round(seconds))
  const parts = [['d', 86_400], ['h', 3_600], ['min', 60], ['s', 1]]
  const first = parts.findIndex(([, size]) => whole >= size)
  if (first < 0) return t('span.s', { n: 0 })
  let left = whole
  const told = parts.map(([unit, size]) => {
    const n = Math.floor(left / size)
    left -= n * size
    return n ? t(`span.${unit}`, { n }) : ''
  })
  return told.slice(first, first + 2).filter(Boolean).join(' ')
}
