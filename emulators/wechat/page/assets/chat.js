/** The chat: its head, its lines with the time between them, and what the account is doing. */

import { button, h, iconButton } from './dom.js'
import { separatorTime, t } from './language.js'
import { shown, visible } from './bubbles.js'
import { openProfile } from './profile.js'
import { state } from './state.js'

const SEPARATED_S = 300
const NEAR_PX = 80

const title = h('h1', {})
const doing = h('span', { class: 'doing', role: 'status' })
const lost = h('p', { class: 'lost', role: 'status', hidden: true })
const list = h('ol', { class: 'lines' })
const log = h('div', { class: 'log', role: 'log', tabindex: '0' }, list)
const newer = button('', () => toEnd(), { class: 'newer', hidden: true })
const empty = h('div', { class: 'empty' })
let last = 0
let held = true // at the end: stays there when pictures load or the foot grows
let wasAt = 0
let typingUntil = 0
let typingTimer = 0

/** The head and the lines, for the phone. */
export function chat() {
  const more = iconButton('more', t('profile'), openProfile, { id: 'profile' })
  log.setAttribute('aria-label', t('chat'))
  log.addEventListener('scroll', scrolled)
  const watch = new ResizeObserver(() => { if (held) toEnd() })
  watch.observe(log)
  watch.observe(list)
  state.on('picked', draw)
  state.on('person accounts', head)
  state.on('connection', connection)
  state.on('line', (line) => {
    if (line.account !== state.account) return
    add(line)
    if (!visible(line)) return
    if (held || line.how === 'user') toEnd()
    else newer.hidden = false
  })
  newer.textContent = t('newer')
  return [h('header', {}, h('div', {}, title, doing), more), lost, h('div', { class: 'scroll' }, log, empty, newer)]
}

const atEnd = () => log.scrollHeight - log.scrollTop - log.clientHeight < NEAR_PX

function scrolled() {
  if (atEnd()) {
    held = true
    newer.hidden = true
  } else if (log.scrollTop < wasAt) held = false
  wasAt = log.scrollTop
}

function toEnd() {
  held = true
  newer.hidden = true
  log.scrollTop = log.scrollHeight
}

function draw() {
  list.replaceChildren()
  last = 0
  typing(0)
  for (const line of state.lines) if (line.account === state.account) add(line)
  head()
  connection()
  toEnd()
}

function add(line) {
  if (line.how === 'typing') typing(line.content.on ? line.content.until : 0)
  else if (line.how !== 'user' && line.how !== 'menu') typing(0)
  if (!visible(line)) return
  if (line.at - last > SEPARATED_S) {
    list.append(h('li', { class: 'line event time' }, h('p', {}, separatorTime(line.at, state.now))))
  }
  last = line.at
  list.append(shown(line))
  empty.hidden = true
}

function typing(until) {
  typingUntil = until
  clearTimeout(typingTimer)
  const left = until - state.now
  doing.textContent = left > 0 ? t('typing') : ''
  if (left > 0) typingTimer = setTimeout(() => typing(typingUntil), left * 1000 + 50)
}

function head() {
  const settings = state.settings?.settings
  title.textContent = settings ? settings.title || settings.name : t('no_account')
  document.title = state.user ? `${state.user} · ${title.textContent}` : t('title')
  document.getElementById('profile').disabled = !state.user || !settings
  empty.hidden = list.childElementCount > 0
  if (!empty.hidden) {
    const stranger = state.user && state.chat && !state.chat.following
    const words = !state.user ? t('empty.nobody') : stranger ? t('empty.stranger') : t('empty.chat')
    empty.replaceChildren(h('div', {}, stranger && settings ? introduction(settings) : null, h('p', {}, words)))
  }
}

/** Who it is that one might follow. */
const introduction = (settings) => {
  const name = settings.title || settings.name
  return h('div', { class: 'introduction' },
    h('span', { class: 'face square', 'aria-hidden': 'true' }, [...name][0].toUpperCase()), h('strong', {}, name),
    h('small', {}, `${t(`kind.${settings.kind}`)} · ${t(settings.verified ? 'verified' : 'unverified')}`))
}

function connection() {
  lost.hidden = state.connection === 'open'
  lost.textContent = lost.hidden ? '' : t('reconnecting')
}
