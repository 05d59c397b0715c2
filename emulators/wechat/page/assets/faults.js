/** Failures on demand: well-known ones to switch on and off, and rules of one's own. */

import * as control from './control.js'
import { ask, button, h } from './dom.js'
import { t } from './language.js'
import { state } from './state.js'

const KEPT = 'wechat-phone-faults'
const SEND = '/cgi-bin/message/*'
const READY = [
  ['slow_push', { on: 'push', fault: 'latency', seconds: 6 }],
  ['lost_push', { on: 'push', fault: 'drop_before' }],
  ['lost_answer', { on: 'push', fault: 'drop_after' }],
  ['twice', { on: 'push', fault: 'duplicate' }],
  ['order', { on: 'push', fault: 'reorder', seconds: 10 }],
  ...[45015, 45047, 45009, 48001, -1].map((errcode) => ['errcode', { on: 'api', fault: 'errcode', errcode, path: SEND }]),
  ['token', { on: 'api', fault: 'errcode', errcode: 40001, path: SEND }],
  ['broken_json', { on: 'api', fault: 'broken_json', path: SEND }],
  ['bad_gateway', { on: 'api', fault: 'http_502', path: SEND }],
  ['slow_media', { on: 'api', fault: 'slow', seconds: 8, path: '*/media/*' }],
  ['cut', { on: 'api', fault: 'drop_after', path: SEND }],
]
const NAMES = ['on', 'fault', 'account', 'user', 'type', 'path', 'errcode', 'seconds', 'probability', 'count', 'skip', 'seed']
const DEFAULTS = { account: null, user: null, type: null, path: null, errcode: -1, seconds: 1, probability: 1, count: null, skip: 0, seed: 1 }
const PUSH_FAULTS = ['latency', 'drop_before', 'drop_after', 'duplicate', 'reorder']
const API_FAULTS = ['latency', 'errcode', 'http_502', 'broken_json', 'slow', 'drop_before', 'drop_after']

const list = h('ul', { class: 'switches' })
const body = h('div', { class: 'faults' })
let live = []

export function faults() {
  body.append(h('p', { class: 'hint' }, t('faults_hint')), list, h('div', { class: 'row' },
    button(t('own_rule'), write), button(t('all_off'), () => change(() => Promise.all(live.map((one) => control.removeFault(one.id)))))))
  state.on('picked accounts acted', load)
  return body
}

const key = (rule) => JSON.stringify(NAMES.map((name) => rule[name] ?? DEFAULTS[name] ?? null))
const own = () => JSON.parse(localStorage.getItem(KEPT) ?? '[]')
const keep = (rules) => localStorage.setItem(KEPT, JSON.stringify(rules))

async function load() {
  try {
    live = (await control.faults()).faults
    draw()
  } catch {
    // The phone says already that it is looking for the emulator.
  }
}

async function change(work) {
  await state.try(work)
  await load()
}

let drawn = ''

function draw() {
  const now = JSON.stringify([live, own()])
  if (now === drawn) return
  drawn = now
  const held = document.activeElement?.closest('.switches') && document.activeElement.dataset.rule
  const ready = READY.map(([name, rule]) => ({ words: t(`fault.${name}`, rule), rule }))
  const listed = new Set(ready.map(({ rule }) => key(rule)))
  const mine = own().map((rule) => ({ words: inWords(rule), rule, mine: true })).filter(({ rule }) => !listed.has(key(rule)))
  mine.forEach(({ rule }) => listed.add(key(rule)))
  const strange = live.filter((rule) => !listed.has(key(rule))).map((rule) => ({ words: inWords(rule), rule }))
  list.replaceChildren(...[...ready, ...mine, ...strange].map(row))
  if (held) [...list.querySelectorAll('button')].find((one) => one.dataset.rule === held)?.focus()
}

function row({ words, rule, mine }) {
  const wanted = key(rule)
  const armed = live.filter((one) => key(one) === wanted)
  const on = armed.length > 0
  const toggle = () => change(async () => {
    if (on) await Promise.all(armed.map((one) => control.removeFault(one.id)))
    else await control.addFault(plain(rule))
  })
  const forget = () => {
    keep(own().filter((one) => key(one) !== wanted))
    change(() => Promise.all(armed.map((one) => control.removeFault(one.id))))
  }
  const struck = armed.reduce((sum, one) => sum + one.fired, 0)
  return h('li', {},
    h('button', { type: 'button', role: 'switch', 'aria-checked': String(on), 'data-rule': wanted, onclick: toggle },
      h('span', { class: 'words' }, words, on && h('small', {}, t('struck', { n: struck }))), h('span', { class: 'knob', 'aria-hidden': 'true' })),
    mine && button(t('forget'), forget, { class: 'small' }))
}

const plain = (rule) => Object.fromEntries(NAMES.filter((name) => rule[name] !== undefined && rule[name] !== null).map((name) => [name, rule[name]]))

const inWords = (rule) => NAMES.filter((name) => name in rule && rule[name] !== null && rule[name] !== DEFAULTS[name])
  .map((name) => (name === 'on' || name === 'fault' ? rule[name] : `${name}=${rule[name]}`)).join(' · ')

function write() {
  const kinds = [...PUSH_FAULTS.map((fault) => `push ${fault}`), ...API_FAULTS.map((fault) => `api ${fault}`)]
  const number = { type: 'number', min: '0', step: 'any' }
  const fields = [
    { name: 'kind', label: t('rule.kind'), options: kinds.map((kind) => [kind, kind.replace(' ', ' · ')]) },
    { name: 'type', label: t('rule.type') },
    { name: 'path', label: t('rule.path'), placeholder: SEND },
    { name: 'errcode', label: 'errcode', type: 'number' },
    { name: 'seconds', label: t('seconds'), ...number, max: '3600' },
    { name: 'probability', label: t('rule.probability'), ...number, max: '1' },
    { name: 'count', label: t('rule.count'), type: 'number', min: '1' },
    { name: 'skip', label: t('rule.skip'), type: 'number', min: '0' },
  ]
  ask(t('own_rule'), fields, t('add'), async ({ kind, ...values }) => {
    const [on, fault] = kind.split(' ')
    const rule = { on, fault }
    for (const [name, value] of Object.entries(values)) {
      if (value !== '') rule[name] = name === 'type' || name === 'path' ? value : Number(value)
    }
    await control.addFault(rule)
    keep([...own().filter((one) => key(one) !== key(rule)), rule])
    await load()
  })
}
