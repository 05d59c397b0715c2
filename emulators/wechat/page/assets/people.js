/** On the left: users to pick, to look for and to add; below them the accounts. */

import * as control from './control.js'
import { button, h } from './dom.js'
import { choose, language, LANGUAGES, t } from './language.js'
import { state } from './state.js'

const MOST = 200
const NAME = '[A-Za-z0-9_.\\-]{1,64}'

const users = h('ul', { class: 'list', id: 'users' })
const accounts = h('ul', { class: 'list', id: 'accounts' })
const search = h('input', { type: 'search', id: 'search' })

export function people() {
  search.setAttribute('placeholder', t('search'))
  search.setAttribute('aria-label', t('search'))
  search.addEventListener('input', drawUsers)
  search.addEventListener('keydown', (event) => {
    const found = matching()
    if (event.key === 'Enter' && found.length) pick(found[0])
  })
  state.on('accounts picked', drawUsers)
  state.on('accounts picked person line', drawAccounts)
  return [
    h('header', {}, h('h2', {}, t('title')), languages()),
    h('section', { 'aria-labelledby': 'users-title', class: 'grow' },
      h('h3', { id: 'users-title' }, t('users')), search, users, adding()),
    h('section', { 'aria-labelledby': 'accounts-title' }, h('h3', { id: 'accounts-title' }, t('accounts')), accounts),
  ]
}

function languages() {
  const select = h('select', { 'aria-label': t('language'), id: 'language' },
    LANGUAGES.map(([tag, name]) => h('option', { value: tag, selected: tag === language, lang: tag }, name)))
  select.addEventListener('change', () => {
    choose(select.value)
    const address = new URL(location.href)
    address.searchParams.delete('lang')
    location.assign(address)
    if (address.href === location.href) location.reload()
  })
  return select
}

function adding() {
  const name = h('input', { id: 'new-user', pattern: NAME, required: true, maxlength: '64', autocomplete: 'off',
    placeholder: t('new_user'), 'aria-label': t('new_user'), title: t('said.bad_name') })
  const add = async (event) => {
    event.preventDefault()
    const user = name.value
    const done = await state.try(async () => {
      await control.createUser({ user })
      await state.refresh()
    })
    if (!done) return
    name.value = ''
    search.value = ''
    pick(user)
  }
  return h('form', { class: 'row', onsubmit: add }, name, h('button', {}, t('add')))
}

function matching() {
  const wanted = search.value.trim().toLowerCase()
  return state.users.filter((user) => user.toLowerCase().includes(wanted))
}

function pick(user, account) {
  state.pick(user, account)
  document.body.dataset.pane = 'phone'
  state.emit('pane')
}

let drawnUsers = ''

function drawUsers() {
  const found = matching()
  // Those who are looked at stay in sight in the longest of lists.
  const listed = found.slice(0, MOST)
  if (state.user && !listed.includes(state.user) && found.includes(state.user)) listed.unshift(state.user)
  const now = JSON.stringify([listed, state.user, found.length])
  if (now === drawnUsers) return
  drawnUsers = now
  const held = document.activeElement?.closest('#users') && document.activeElement.dataset.user
  users.replaceChildren(...listed.map((user) => h('li', {}, button([face(user), h('span', { class: 'name' }, user)],
    () => pick(user), { 'aria-current': user === state.user ? 'true' : null, 'data-user': user }))))
  if (!listed.length) users.append(h('li', { class: 'hint' }, t(state.users.length ? 'nobody_found' : 'no_users')))
  if (found.length > MOST) users.append(h('li', { class: 'hint' }, t('more_users', { n: found.length - MOST })))
  if (held) users.querySelector(`[data-user="${CSS.escape(held)}"]`)?.focus()
}

let drawnAccounts = ''

function drawAccounts() {
  const rows = state.accounts.map(({ settings }) => ({
    name: settings.name,
    title: settings.title || settings.name,
    kind: `${t(`kind.${settings.kind}`)} · ${t(settings.verified ? 'verified' : 'unverified')}`,
    following: Boolean(state.person?.chats.find((one) => one.account === settings.name)?.following),
    unread: state.unread.get(settings.name) ?? 0,
    here: settings.name === state.account,
  }))
  const now = JSON.stringify(rows)
  if (now === drawnAccounts) return
  drawnAccounts = now
  accounts.replaceChildren(...rows.map(({ name, title, kind, following, unread, here }) => h('li', {}, button([
    face(title, 'square'),
    h('span', { class: 'name' }, title, h('small', {}, kind)),
    following && h('span', { class: 'tag' }, t('following')),
    unread > 0 && h('span', { class: 'count', 'aria-label': t('unread', { n: unread }) }, unread),
  ].filter(Boolean), () => pick(state.user, name), { 'aria-current': here ? 'true' : null }))))
}

const face = (name, shape = '') => h('span', { class: `face ${shape}`, 'aria-hidden': 'true' }, [...name][0].toUpperCase())
