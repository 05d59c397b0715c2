/** The foot of the phone: the account's menu, the text field, the plus panel; or the button to follow. */

import { button, h, iconButton } from './dom.js'
import { t } from './language.js'
import { plusPanel, scan } from './plus.js'
import { state } from './state.js'

const foot = h('footer', {})
let writing = false
let drawn = ''

const field = h('textarea', { rows: '1', maxlength: '20000', id: 'field' })
const send = button('', say, { class: 'primary send', hidden: true })
const plus = iconButton('plus', t('plus'), togglePlus, { 'aria-expanded': 'false', id: 'plus' })
const panel = h('div', { class: 'plus', hidden: true })

export function footOf() {
  field.setAttribute('aria-label', t('write'))
  field.setAttribute('placeholder', t('write'))
  send.textContent = t('send')
  panel.append(...plusPanel(() => { closePlus(); plus.focus() }))
  field.addEventListener('input', grow)
  field.addEventListener('keydown', (event) => {
    if (event.key !== 'Enter' || event.shiftKey || event.isComposing) return
    event.preventDefault()
    say()
  })
  state.on('picked', () => { writing = false; closePlus(); draw(true) })
  state.on('person accounts', () => draw(false))
  document.addEventListener('click', (event) => { if (!event.target.closest?.('.bar')) closeMenus() })
  foot.addEventListener('keydown', (event) => { if (event.key === 'Escape') putAway() })
  return foot
}

function draw(anew) {
  const menu = state.settings?.menu
  const following = state.chat?.following
  const now = JSON.stringify([state.user, state.account, menu, following, writing])
  if (!anew && now === drawn) return
  drawn = now
  const held = document.activeElement === field
  // A menu that comes now does not take the field from somebody who writes.
  if (!anew && menu && following && (held || field.value)) writing = true
  if (!state.user || !state.chat) foot.replaceChildren()
  else if (!following) foot.replaceChildren(stranger())
  else if (menu && !writing) foot.replaceChildren(menuBar(menu))
  else foot.replaceChildren(writer(menu), panel)
  if (held) field.focus()
}

const stranger = () =>
  h('div', { class: 'row stranger' },
    button(t('follow'), () => state.try(() => state.act('follow')), { class: 'primary' }), button(t('plus.scan'), scan))

function writer(menu) {
  const toMenu = menu && iconButton('menu', t('to_menu'), () => switchTo(false), { id: 'to-menu' })
  return h('div', { class: 'bar writer' }, toMenu, field, plus, send)
}

function switchTo(text) {
  writing = text
  closePlus()
  draw(true)
  if (text) field.focus()
  else document.getElementById('to-text').focus()
}

function menuBar(menu) {
  const toText = iconButton('keyboard', t('to_text'), () => switchTo(true), { id: 'to-text' })
  return h('div', { class: 'bar menu', role: 'group', 'aria-label': t('menu') }, toText, menu.map(menuButton))
}

function menuButton(entry, place) {
  const inside = entry.sub_button ?? []
  if (!inside.length) return h('div', { class: 'slot' }, button(entry.name, () => tap(entry, [place])))
  const opened = h('div', { class: 'sub', hidden: true },
    inside.map((one, second) => button(one.name, () => { closeMenus(); tap(one, [place, second]) })))
  const opener = button(`≡ ${entry.name}`, () => {
    const wasOpen = !opened.hidden
    closeMenus()
    opened.hidden = wasOpen
    opener.setAttribute('aria-expanded', String(!wasOpen))
    if (!wasOpen) opened.firstElementChild.focus()
  }, { 'aria-expanded': 'false', 'aria-haspopup': 'true' })
  return h('div', { class: 'slot' }, opened, opener)
}

/** Closes what is open, and the keyboard is back where it was opened. */
function putAway() {
  const opener = foot.querySelector('.slot > [aria-expanded="true"]') ?? (panel.hidden ? null : plus)
  closeMenus()
  closePlus()
  opener?.focus()
}

function closeMenus() {
  for (const one of foot.querySelectorAll('.sub')) one.hidden = true
  for (const one of foot.querySelectorAll('.slot > [aria-expanded]')) one.setAttribute('aria-expanded', 'false')
}

async function tap(entry, path) {
  const done = await state.try(() => state.act('tap', { path }))
  if (done && entry.type === 'view' && /^https?:/i.test(entry.url)) window.open(entry.url, '_blank', 'noopener,noreferrer')
}

async function say() {
  const content = field.value
  if (!content.trim()) return
  field.value = ''
  grow()
  field.focus()
  if (await state.try(() => state.act('text', { content }))) return
  if (!field.value) field.value = content
  grow()
}

/** As high as its text, up to five lines; where something is written it can be sent. */
function grow() {
  field.style.height = 'auto'
  field.style.height = `${Math.min(field.scrollHeight, 120)}px`
  send.hidden = !field.value.trim()
  plus.hidden = !send.hidden
}

function togglePlus() {
  panel.hidden = !panel.hidden
  plus.setAttribute('aria-expanded', String(!panel.hidden))
  if (!panel.hidden) panel.querySelector('button').focus()
}

function closePlus() {
  panel.hidden = true
  plus.setAttribute('aria-expanded', 'false')
}
