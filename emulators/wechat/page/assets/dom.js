/** Elements, icons, dialogs and notices. Text is always text: nothing is ever read as HTML. */

import { t, told } from './language.js'

const SVG = 'http://www.w3.org/2000/svg'

const PATHS = {
  plus: 'M12 3a9 9 0 1 0 0 18 9 9 0 0 0 0-18M12 8v8M8 12h8',
  keyboard: 'M3 6h18v12H3zM7 10h.01M11 10h.01M15 10h.01M17 10h.01M7 14h10',
  menu: 'M4 7h16M4 12h16M4 17h16',
  more: 'M5 12h.01M12 12h.01M19 12h.01',
  image: 'M3 5h18v14H3zM3 16l5-5 4 4 4-5 5 6M8 9h.01',
  voice: 'M12 3a3 3 0 0 0-3 3v5a3 3 0 0 0 6 0V6a3 3 0 0 0-3-3M6 11a6 6 0 0 0 12 0M12 17v4',
  video: 'M3 6h12v12H3zM15 10l6-3v10l-6-3',
  location: 'M12 21s7-6 7-11a7 7 0 0 0-14 0c0 5 7 11 7 11M12 12a2 2 0 1 0 0-4 2 2 0 0 0 0 4',
  link: 'M10 14a4 4 0 0 0 6 0l3-3a4 4 0 0 0-6-6l-1 1M14 10a4 4 0 0 0-6 0l-3 3a4 4 0 0 0 6 6l1-1',
  scan: 'M4 8V4h4M16 4h4v4M20 16v4h-4M8 20H4v-4M4 12h16',
  pay: 'M7 4l5 7 5-7M12 11v9M7 12h10M7 16h10',
  consent: 'M6 17V11a6 6 0 0 1 12 0v6l2 2H4zM10 21h4',
  wave: 'M8 10a3 3 0 0 1 0 4M11 7a7 7 0 0 1 0 10M14 4a11 11 0 0 1 0 16',
  cross: 'M6 6l12 12M18 6L6 18',
  down: 'M6 9l6 6 6-6',
}

export function h(tag, attributes = {}, ...children) {
  const element = document.createElement(tag)
  for (const [name, value] of Object.entries(attributes)) {
    if (value === undefined || value === null || value === false) continue
    if (name.startsWith('on')) element.addEventListener(name.slice(2), value)
    else element.setAttribute(name, value === true ? '' : value)
  }
  element.append(...children.flat(2).filter((child) => child !== null && child !== undefined && child !== false))
  return element
}

export function icon(name) {
  const svg = document.createElementNS(SVG, 'svg')
  svg.setAttribute('viewBox', '0 0 24 24')
  svg.setAttribute('class', 'icon')
  svg.setAttribute('aria-hidden', 'true')
  const path = document.createElementNS(SVG, 'path')
  path.setAttribute('d', PATHS[name])
  svg.append(path)
  return svg
}

export const button = (text, onclick, attributes = {}) => h('button', { type: 'button', onclick, ...attributes }, text)

export const iconButton = (name, label, onclick, attributes = {}) =>
  h('button', { type: 'button', class: 'round', 'aria-label': label, title: label, onclick, ...attributes }, icon(name))

const SHOWN_MS = 9_000

/** Tells what went wrong, for some seconds. */
export function toast(text) {
  const notice = h('div', { class: 'toast' }, h('span', {}, text))
  const close = () => notice.remove()
  notice.append(iconButton('cross', t('close'), close))
  const place = document.getElementById('toasts')
  while (place.childElementCount > 2) place.firstElementChild.remove()
  place.append(notice)
  setTimeout(close, SHOWN_MS)
}

/**
 * Asks in a dialog of its own. `fields`: {name, label, type, value, required, options, …attributes of the input}.
 * `submit(values)` may throw: the dialog then stays open and tells why; `extra` stands above the fields.
 */
export function ask(title, fields, action, submit, extra = []) {
  const fault = h('p', { class: 'fault', role: 'alert' })
  const inputs = fields.map((field) => [field, input(field)])
  const done = () => dialog.close()
  const send = async (event) => {
    event.preventDefault()
    const values = {}
    for (const [{ name, type }, element] of inputs) values[name] = type === 'file' ? element.files[0] : element.value
    fault.textContent = ''
    try {
      await submit(values)
      done()
    } catch (failure) {
      fault.textContent = told(failure)
    }
  }
  const buttons = h('div', { class: 'row end' }, button(t(action ? 'cancel' : 'close'), done))
  if (action) buttons.append(h('button', { class: 'primary' }, action))
  const form = h('form', { onsubmit: send }, h('h2', {}, title))
  form.append(...extra.map((part) => (typeof part === 'function' ? part(done) : part)))
  form.append(...inputs.map(([field, element]) => h('label', { class: 'field' }, h('span', {}, field.label), element)))
  form.append(fault, buttons)
  const dialog = h('dialog', { 'aria-label': title, onclose: () => dialog.remove() }, form)
  document.body.append(dialog)
  dialog.showModal()
}

function input({ name, label, type = 'text', value, options, ...attributes }) {
  if (options) {
    return h('select', { name }, options.map(([key, text]) => h('option', { value: key, selected: key === value }, text)))
  }
  return h('input', { name, type, value, ...attributes })
}
