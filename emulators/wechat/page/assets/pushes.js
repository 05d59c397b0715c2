/** The pushes of the picked user to the picked account, attempt by attempt, newest first. */

import * as control from './control.js'
import { h } from './dom.js'
import { clockTime, known, t } from './language.js'
import { state } from './state.js'

const MOST = 60
const ALL = 20_000
const SOON_MS = 150
const UNSETTLED_MS = 1_000

const list = h('ol', { class: 'pushes' })
let found = new Map()
let timer = null
let asking = false

export function pushes() {
  state.on('picked', () => { found = new Map(); list.replaceChildren(); look(0) })
  state.on('acted line', () => look(SOON_MS))
  return list
}

/** What waits already waits no longer for it: lines may come faster than this is asked. */
function look(after) {
  timer ??= setTimeout(load, after)
}

async function load() {
  timer = null
  const { user, account } = state
  if (!user || !account) return draw()
  if (asking) return look(SOON_MS)
  asking = true
  try {
    const open = [...found.values()].filter((push) => !push.settled).map((push) => push.id)
    const last = Math.max(0, ...found.keys())
    const answer = await control.deliveries(user, account, Math.min(last, ...open.map((id) => id - 1)), ALL)
    if (user !== state.user || account !== state.account) return
    for (const push of answer.deliveries.slice(-MOST)) found.set(push.id, push)
    for (const id of [...found.keys()].slice(0, -MOST)) found.delete(id)
    draw()
  } catch {
    // The phone says already that it is looking for the emulator.
  } finally {
    asking = false
  }
  if ([...found.values()].some((push) => !push.settled)) look(UNSETTLED_MS)
}

function draw() {
  const kept = new Map([...list.children].map((element) => [element.dataset.push, element]))
  const drawn = [...found.values()].reverse().map((push) => {
    const before = kept.get(String(push.id))
    const now = JSON.stringify(push)
    if (before?.dataset.drawn === now) return before
    const element = shown(push, before?.querySelector('details').open)
    element.dataset.push = push.id
    element.dataset.drawn = now
    return element
  })
  if (!drawn.length) drawn.push(h('li', { class: 'hint' }, t('no_pushes')))
  list.replaceChildren(...drawn)
}

function shown(push, open) {
  const outcome = push.settled ? push.outcome ?? 'dropped' : 'under_way'
  return h('li', {}, h('details', { open },
    h('summary', {},
      h('span', { class: 'number' }, `#${push.id}`), h('strong', {}, push.type),
      h('span', { class: `outcome ${outcome}` }, known(`outcome.${outcome}`) ?? outcome),
      attempts(push)),
    h('h4', {}, t('pushed')), h('pre', { tabindex: '0' }, JSON.stringify(push.fields, null, 1)),
    push.attempts.filter((one) => one.answer).map((one) =>
      [h('h4', {}, t('answered_to', { n: one.number })), h('pre', { tabindex: '0' }, one.answer)]),
    push.duplicates.length > 0 && h('p', { class: 'hint' }, t('duplicates', { n: push.duplicates.length }))))
}

const attempts = (push) => push.attempts.map((one) =>
  h('span', { class: 'attempt' },
    h('span', {}, t('attempt', { n: one.number })), h('time', {}, clockTime(one.at)),
    h('span', {}, t('took', { s: one.seconds.toFixed(3) })),
    h('span', {}, one.status === null ? t('no_status') : `HTTP ${one.status}`),
    one.reason && h('em', {}, one.reason)))
