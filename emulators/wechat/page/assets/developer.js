/** On the right, for the developer: what may still be sent, the clock, and what came how. */

import * as control from './control.js'
import { button, h } from './dom.js'
import { clockTime, fullTime, known, span, t } from './language.js'
import { summary } from './bubbles.js'
import { faults } from './faults.js'
import { pushes } from './pushes.js'
import { state } from './state.js'

const STEPS_S = [60, 3_600, 172_800]
const MOST_ARRIVALS = 100

const windows = h('ul', { class: 'windows' })
const clock = h('time', {})
const arrivals = h('ol', { class: 'arrivals' })

export function developer() {
  state.on('picked', drawArrivals)
  state.on('line', (line) => { if (line.account === state.account) arrive(line) })
  state.on('picked person accounts', drawWindows)
  setInterval(drawWindows, 1_000)
  const steps = STEPS_S.map((seconds) => button(`+${seconds < 3_600 ? t('span.min', { n: seconds / 60 }) : t('span.h', { n: seconds / 3_600 })}`, () => state.try(async () => {
    await control.advance(seconds)
    await Promise.all([state.refresh(), state.refreshPerson()])
  }), { 'data-seconds': seconds }))
  const tabs = [['arrivals', arrivals], ['pushes', pushes()], ['faults', faults()]].map(([name, body]) => [name, h('div', {}, body)])
  return [
    h('header', {}, h('h2', {}, t('developer'))),
    h('section', { class: 'top' }, h('h3', {}, t('clock')), h('div', { class: 'row clock' }, clock, steps),
      h('h3', {}, t('windows')), windows),
    tabbed(tabs),
  ]
}

function tabbed(parts) {
  const tabs = parts.map(([name, body], place) => {
    body.id = `part-${name}`
    body.setAttribute('role', 'tabpanel')
    body.setAttribute('tabindex', '0')
    body.setAttribute('aria-labelledby', `tab-${name}`)
    return button(t(name), () => open(place), { role: 'tab', id: `tab-${name}`, 'aria-controls': body.id })
  })
  const open = (chosen) => parts.forEach(([, body], place) => {
    body.hidden = place !== chosen
    tabs[place].setAttribute('aria-selected', String(place === chosen))
    tabs[place].tabIndex = place === chosen ? 0 : -1
  })
  const list = h('div', { role: 'tablist', 'aria-label': t('developer') }, tabs)
  list.addEventListener('keydown', ({ key }) => {
    const step = { ArrowRight: 1, ArrowLeft: -1 }[key]
    if (!step) return
    const next = (tabs.indexOf(document.activeElement) + step + tabs.length) % tabs.length
    open(next)
    tabs[next].focus()
  })
  open(0)
  return h('section', { class: 'tabs grow' }, list, parts.map(([, body]) => body))
}

function drawWindows() {
  clock.textContent = fullTime(state.now)
  const live = (state.chat?.windows ?? []).filter((one) => one.until > state.now)
  const rows = live.map((one) => [
    t(`window.${one.trigger}`),
    one.left === null ? t('left_any') : t('left', { n: one.left }),
    t('until', { at: fullTime(one.until), span: span(one.until - state.now) }),
    one.left === 0,
  ])
  windows.replaceChildren(...rows.map(([name, left, until, spent]) =>
    h('li', { class: spent ? 'spent' : '' }, h('strong', {}, name), h('span', { class: 'tag' }, left), h('small', {}, until))))
  if (!rows.length) windows.append(h('li', { class: 'hint' }, t('no_windows')))
}

function drawArrivals() {
  arrivals.replaceChildren()
  for (const line of state.lines) if (line.account === state.account) arrive(line)
  if (!arrivals.childElementCount) arrivals.append(h('li', { class: 'hint' }, t('no_arrivals')))
}

function arrive(line) {
  arrivals.querySelector('.hint')?.remove()
  arrivals.prepend(h('li', {},
    h('time', {}, clockTime(line.at)),
    h('span', { class: `how how-${line.how}` }, known(`how.${line.how}`) ?? line.how),
    h('span', { class: 'what' }, summary(line)),
    line.push && h('small', {}, `#${line.push}`)))
  while (arrivals.childElementCount > MOST_ARRIVALS) arrivals.lastElementChild.remove()
}
