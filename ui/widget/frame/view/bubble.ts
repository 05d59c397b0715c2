import type { Locale } from '../../shared/locale'
import { TEXTS, timeLabel } from '../i18n'
import type { Author, Choice } from '../protocol'
import { safeUrl } from '../richtext'
import type { Texts } from '../texts/texts'
import type { MessageEntry } from '../timeline'
import { attachment, type FetchBlob } from './attachment'
import { h, icon } from './dom'
import { outsideLink, plainText, shopText } from './text'

export interface BubbleActions {
  choose(choice: Choice): void
  retry(key: string): void
  discard(key: string): void
  fetchBlob: FetchBlob
}

function choiceButtons(entry: MessageEntry, locale: Locale, actions: BubbleActions): HTMLElement | undefined {
  const choices = entry.body.choices ?? []
  if (!choices.length) return undefined
  const buttons = choices.map((choice) => {
    const tapped = entry.used === choice.id
    const button = h('button', {
      type: 'button',
      class: 'choice',
      disabled: entry.used !== undefined,
      'aria-pressed': tapped ? 'true' : undefined,
    })
    button.append(choice.label)
    button.addEventListener('click', () => actions.choose(choice))
    return button
  })
  return h('div', { class: 'choices', role: 'group', 'aria-label': TEXTS[locale].choices }, ...buttons)
}

function links(entry: MessageEntry): HTMLElement | undefined {
  const found = (entry.body.links ?? []).map(({ label, url }) => {
    const safe = safeUrl(url)
    return safe ? outsideLink(label, safe, 'link') : h('span', {}, label)
  })
  return found.length ? h('div', { class: 'links' }, ...found) : undefined
}

/** When, and for one's own messages how far they got. */
function meta(entry: MessageEntry, locale: Locale): HTMLElement {
  const texts = TEXTS[locale]
  const time = h('time', { datetime: entry.at }, timeLabel(entry.at, locale))
  if (entry.mark) {
    const state = texts.marks[entry.mark]
    const sign = h('span', { class: `mark mark-${entry.mark}`, title: state }, icon(entry.mark))
    return h('div', { class: 'meta', 'aria-live': 'off' }, time, sign, h('span', { class: 'unseen' }, state))
  }
  return h('div', { class: 'meta', 'aria-live': 'off' }, time)
}

function failure(entry: MessageEntry, locale: Locale, actions: BubbleActions): HTMLElement | undefined {
  if (entry.mark !== 'failed') return undefined
  const texts = TEXTS[locale]
  const retry = h('button', { type: 'button' }, texts.retry)
  const discard = h('button', { type: 'button' }, texts.discard)
  retry.addEventListener('click', () => actions.retry(entry.key))
  discard.addEventListener('click', () => actions.discard(entry.key))
  return h('div', { class: 'failure', role: 'alert' }, texts.faults[entry.code ?? ''] ?? texts.fault, retry, discard)
}

/** Said first, so that nobody takes an automatic answer for a person's, however long it is. */
function speaker(author: Exclude<Author, 'customer'>, texts: Texts): string {
  return { bot: texts.automatic, agent: texts.agent, system: texts.system }[author]
}

function card(entry: MessageEntry, texts: Texts, actions: BubbleActions): HTMLElement {
  const { body } = entry
  const element = h('div', { class: 'card' })
  if (entry.author !== 'customer')
    element.append(h('p', { class: `author author-${entry.author}` }, speaker(entry.author, texts)))
  if (body.text) element.append(...(entry.author === 'customer' ? [plainText(body.text)] : shopText(body.text)))
  for (const item of body.attachments ?? []) element.append(attachment(item, texts, actions.fetchBlob))
  const further = links(entry)
  if (further) element.append(further)
  if (body.article?.question)
    element.append(h('p', { class: 'source' }, texts.source, h('q', {}, body.article.question)))
  return element
}

function className({ body, author }: MessageEntry): string {
  const bare = !body.text && (body.attachments ?? []).every((item) => item.type.startsWith('image/'))
  return `bubble ${author}${bare ? ' bare' : ''}`
}

/** What stands around the card and changes while the message is on its way. */
function surroundings(entry: MessageEntry, locale: Locale, actions: BubbleActions): HTMLElement[] {
  const parts = [choiceButtons(entry, locale, actions), failure(entry, locale, actions), meta(entry, locale)]
  return parts.filter((part) => part !== undefined)
}

/** One message with everything that belongs to it. */
export function bubble(entry: MessageEntry, locale: Locale, actions: BubbleActions): HTMLElement {
  const parts = surroundings(entry, locale, actions)
  return h('div', { class: className(entry) }, card(entry, TEXTS[locale], actions), ...parts)
}

/**
 * Brings a message on screen up to date where its card has not changed: a picture must not flicker,
 * and a screen reader must not read the message again, because it was delivered.
 */
export function refresh(node: HTMLElement, entry: MessageEntry, locale: Locale, actions: BubbleActions): void {
  const [drawn, ...around] = node.children
  for (const part of around) part.remove()
  node.className = className(entry)
  drawn?.after(...surroundings(entry, locale, actions))
}
