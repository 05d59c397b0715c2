/** Puts the page together and keeps it up to date. */

import { button, h } from './dom.js'
import { chat } from './chat.js'
import { developer } from './developer.js'
import { footOf } from './foot.js'
import { language, t } from './language.js'
import { people } from './people.js'
import { state } from './state.js'

const EVERY_MS = 5_000
const SOON_MS = 100

document.documentElement.lang = language
document.title = t('title')

const at = (id) => document.getElementById(id)
at('people').setAttribute('aria-label', t('people'))
at('developer').setAttribute('aria-label', t('developer'))
at('panes').setAttribute('aria-label', t('panes'))
at('people').append(...people())
at('developer').append(...developer())

const screen = h('div', { class: 'screen' })
at('phone').append(screen)
screen.append(...chat(), footOf())

const panes = ['people', 'phone', 'developer'].map((name) => button(t(`pane.${name}`), () => {
  document.body.dataset.pane = name
  state.emit('pane')
}, { 'data-pane': name }))
at('panes').append(...panes)
const drawPanes = () => panes.forEach((one) => one.setAttribute('aria-pressed', String(one.dataset.pane === document.body.dataset.pane)))
state.on('pane', drawPanes)
drawPanes()

let soon = null
const look = () => {
  soon ??= setTimeout(() => {
    soon = null
    state.refreshPerson().catch(() => {})
  }, SOON_MS)
}
state.on('acted', look)
state.on('line', (line) => {
  look()
  if (line.how === 'menu') state.refresh().catch(() => {})
})

async function keepUp() {
  if (!document.hidden) {
    try {
      await state.refresh()
      await state.refreshPerson()
      if (state.connection === 'lost' && !state.user) {
        state.connection = 'open'
        state.emit('connection')
      }
    } catch {
      if (!state.user) {
        state.connection = 'lost'
        state.emit('connection')
      }
    }
  }
  setTimeout(keepUp, EVERY_MS)
}

async function begin() {
  await state.try(() => state.refresh())
  const asked = new URLSearchParams(location.search)
  const account = state.accounts.some((one) => one.settings.name === asked.get('account')) ? asked.get('account') : state.account
  const user = state.users.includes(asked.get('user')) ? asked.get('user') : state.users[0] ?? null
  if (!user) document.body.dataset.pane = 'people'
  state.emit('pane')
  state.pick(user, account)
  document.body.dataset.ready = 'true'
  setTimeout(keepUp, EVERY_MS)
}

begin()
