/** One line of the phone as it looks: a bubble, a card, or a line of the system. */

import { button, h, icon, toast } from './dom.js'
import { known, t } from './language.js'
import { outward, richText } from './rich_text.js'
import { state } from './state.js'
import { play, voiceSeconds } from './voice.js'

const QUIET = new Set(['typing', 'menu'])
const OWN_EVENTS = new Set(['subscribe', 'unsubscribe', 'SCAN', 'tap', 'consent', 'payment', 'material'])

/** Whether a line is seen in the chat at all. */
export const visible = (line) => !QUIET.has(line.how)

const isEvent = (line) => line.how === 'system' || (line.how === 'user' && OWN_EVENTS.has(line.type))

/** Pictures are asked for from where the page came from, under whatever name the emulator knows itself. */
export function ownAddress(address) {
  const at = URL.parse?.(address) ?? null
  return at?.pathname.startsWith('/mmbiz/') ? at.pathname : address
}

const say = (content) => state.try(() => state.act('text', { content }))

export function shown(line) {
  if (isEvent(line)) return h('li', { class: 'line event' }, h('p', {}, eventWords(line)))
  // WeChat's notice that the account does not answer is nobody's bubble.
  if (line.how === 'error') return h('li', { class: 'line event', 'data-how': 'error' }, h('p', {}, line.content.content))
  const own = line.how === 'user'
  const account = state.settings?.settings
  const who = own ? state.user : account?.title || line.account
  const { body, bare } = content(line)
  const bubble = h('div', { class: bare ? 'card' : 'bubble' }, body)
  if (line.content.kf_account) bubble.append(h('small', { class: 'by' }, line.content.kf_account))
  const face = h('span', { class: `face ${own ? 'own' : ''}`, 'aria-hidden': 'true' }, [...who][0].toUpperCase())
  const author = h('span', { class: 'hidden' }, own ? t('you') : who)
  const kind = `line ${own ? 'own' : 'other'} how-${line.how}`
  if (line.type === 'template' || line.type === 'subscription' || line.type === 'news') {
    return h('li', { class: `${kind} wide`, 'data-how': line.how }, author, bubble)
  }
  return h('li', { class: kind, 'data-how': line.how }, face, author, bubble)
}

function eventWords(line) {
  const { content, type } = line
  if (type === 'session') return t(content.open ? 'event.session' : 'event.session_end', content)
  if (type === 'SCAN' || type === 'subscribe') {
    return content.scene ? t(`event.${type}_scene`, content) : t(`event.${type}`)
  }
  if (type === 'tap') {
    const words = t('event.tap', content)
    return content.url ? [words, ' ', outward(content.url, content.url)] : words
  }
  if (type === 'consent') {
    const titles = new Map(state.settings?.settings.templates.map((one) => [one.id, one.title]))
    return Object.entries(content.templates)
      .map(([id, answer]) => t(`event.consent.${answer}`, { name: titles.get(id) ?? id })).join(' ')
  }
  if (type === 'material') return t('event.material', { id: Object.values(content)[0] })
  return known(`event.${type}`) ?? type
}

const BARE = new Set(['image', 'video', 'shortvideo', 'location', 'link', 'news', 'music', 'template', 'subscription',
  'miniprogrampage', 'mpnews', 'mpnewsarticle', 'wxcard'])

function content(line) {
  const draw = DRAWN[line.type] ?? unknown
  return { body: draw(line.content, line), bare: BARE.has(line.type) }
}

function picture(address, className, alt) {
  const image = h('img', { src: ownAddress(address), class: className, alt, loading: 'lazy' })
  image.addEventListener('error', () => image.replaceWith(h('span', { class: `missing ${className}` }, t('picture_gone'))))
  return image
}

const articleList = ({ articles }) => {
  const [first, ...more] = articles
  const head = first.picture
    ? [picture(first.picture, 'cover', ''), h('strong', {}, first.title)]
    : [h('strong', {}, first.title)]
  const lead = more.length ? null : first.description && h('p', {}, first.description)
  const rest = more.map((one) =>
    outward(one.url, h('span', { class: 'article' }, h('span', {}, one.title), one.picture && picture(one.picture, 'thumb', ''))))
  return h('div', { class: 'news' }, outward(first.url, h('span', { class: 'article first' }, head, lead)), rest)
}

function voice({ url }) {
  const seconds = h('span', {}, '…')
  const shape = h('button', { type: 'button', class: 'voice', 'aria-label': t('voice') }, icon('wave'), seconds)
  const address = ownAddress(url)
  shape.addEventListener('click', () => play(address).catch(() => toast(t('voice_silent'))))
  voiceSeconds(address).then((length) => {
    const whole = Math.max(1, Math.round(length))
    seconds.textContent = `${whole}″`
    shape.setAttribute('aria-label', t('voice_of', { n: whole }))
    shape.style.setProperty('--seconds', Math.min(whole, 60))
  }, () => {
    seconds.textContent = t('gone')
    shape.disabled = true
  })
  return shape
}

function film({ url, title, description }) {
  const film = h('video', { src: ownAddress(url), controls: true, preload: 'metadata', 'aria-label': title || t('video') })
  return h('div', { class: 'film' }, film, title && h('strong', {}, title), description && h('p', {}, description))
}

const place = ({ x, y, label }) =>
  h('div', { class: 'place' }, h('strong', {}, label || t('location')), h('small', {}, `${x}, ${y}`),
    h('span', { class: 'map', 'aria-hidden': 'true' }, icon('location')))

const link = ({ title, description, url }) =>
  outward(url, h('span', { class: 'article linked' },
    h('span', {}, h('strong', {}, title), description && h('small', {}, description)), icon('link')))

const music = ({ title, description, url }) =>
  outward(url, h('span', { class: 'article linked music' },
    h('span', {}, h('strong', {}, title || t('music')), h('small', {}, description)), icon('voice')))

const messageMenu = ({ head, items, tail }) => [
  head && h('p', {}, richText(head, say)),
  h('ul', { class: 'choices' }, items.map(({ id, content: words }) =>
    h('li', {}, button(words, () => state.try(() => state.act('choose', { id })), { class: 'inline' })))),
  tail && h('p', {}, richText(tail, say)),
]

const card = ({ title, content: words, url, miniprogram }) => {
  const leads = url || miniprogram
  const inside = [h('strong', {}, title), h('p', { class: 'body-text' }, words),
    leads && h('span', { class: 'foot' }, miniprogram ? t('mini_program') : t('details'), ' ›')]
  return h('div', { class: 'notice' }, url ? outward(url, h('span', {}, inside)) : inside)
}

const miniProgram = ({ title, pagepath, thumb_url: thumb }) =>
  h('div', { class: 'mini', title: pagepath }, h('strong', {}, title), picture(thumb, 'cover', ''),
    h('small', { class: 'foot' }, t('mini_program')))

const material = (parts) => {
  const [[name, id]] = Object.entries(parts)
  return h('div', { class: 'notice' }, h('strong', {}, known(`material.${name}`) ?? name), h('p', {}, id))
}

const DRAWN = {
  text: ({ content: words }) => richText(words, say),
  image: ({ url }) => {
    const address = ownAddress(url)
    return h('a', { href: address, target: '_blank', rel: 'noopener' }, picture(url, 'photo', t('picture')))
  },
  voice,
  video: film,
  shortvideo: film,
  location: place,
  link,
  music,
  news: articleList,
  msgmenu: messageMenu,
  template: card,
  subscription: card,
  miniprogrampage: miniProgram,
  mpnews: material,
  mpnewsarticle: material,
  wxcard: material,
}

const unknown = (parts, line) => `${line.type} ${JSON.stringify(parts)}`

/** A line in few words, for lists. */
export function summary(line) {
  const { content: parts, type } = line
  if (isEvent(line)) {
    const words = eventWords(line)
    return Array.isArray(words) ? words[0] : words
  }
  if (type === 'typing') return t(parts.on ? 'typing_on' : 'typing_off')
  if (type === 'menu') return t('menu_changed')
  const words = parts.content ?? parts.head ?? parts.title ?? parts.articles?.[0].title ?? parts.label ?? ''
  return type === 'text' ? words : `[${known(`type.${type}`) ?? type}] ${words}`
}
