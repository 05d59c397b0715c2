import type { Locale } from '../../shared/locale'
import { TEXTS } from '../i18n'
import type { Entry } from '../timeline'
import { bubble, type BubbleActions, refresh } from './bubble'
import { h, icon } from './dom'

/** Closer to the end than this (px), the reader wants to follow. */
const NEAR_END = 80

/** So much of a message (px) makes it seen. */
const SEEN_FROM = 40
/** What stays visible (px) above an answer that fills the view. */
const ABOVE = 12
/** What one author says within this time (ms) is read as one: an answer, and the notice of a first contact below it. */
const BREATH_MS = 5000

/** An entry on screen: what it was drawn from, and of that what stands in its card. */
interface Drawn {
  node: HTMLElement
  sign: string
  words: string
}

/** The scrolling list of messages. Only what changed is drawn again. */
export class Log {
  readonly element: HTMLElement
  readonly jump = h('button', { type: 'button', class: 'jump', hidden: true })
  private readonly list = h('div', { class: 'list', role: 'log', 'aria-live': 'polite', 'aria-relevant': 'additions' })
  private readonly typing = h('div', { class: 'typing', 'aria-hidden': 'true', hidden: true })
  /** Said to ears; it has to be there before its words are, or they are not announced. */
  private readonly typingStatus = h('div', { class: 'unseen', role: 'status' })
  private typingText = ''
  private drawn = new Map<string, Drawn>()
  private following = true
  private top = 0
  /** What was said last in one breath, from its first message to its newest. */
  private breath: { first: HTMLElement; newest: HTMLElement } | undefined

  constructor(
    private readonly actions: BubbleActions,
    welcome: HTMLElement,
    scrolled: () => void,
  ) {
    this.typing.append(h('i'), h('i'), h('i'))
    this.element = h('div', { class: 'scroll', tabindex: 0 }, welcome, this.list, this.typing, this.typingStatus)
    this.element.addEventListener('scroll', () => {
      const { scrollTop } = this.element
      // Only who goes up leaves the end: a picture that arrives moves the end away from the reader.
      if (this.atEnd) this.following = true
      else if (scrollTop < this.top) this.following = false
      this.top = scrollTop
      if (this.following) this.jump.hidden = true
      scrolled()
    })
    this.jump.addEventListener('click', () => this.toEnd())
    // Pictures that arrive and keyboards that open change the height: who was at the end stays there.
    const follow = new ResizeObserver(() => this.following && this.toEnd())
    follow.observe(this.list)
    follow.observe(this.element)
  }

  /** Whether the newest message has come into view, at least the beginning of what it was said with. */
  get newestSeen(): boolean {
    const newest = this.list.lastElementChild
    if (!(newest instanceof HTMLElement)) return true
    const { scrollTop, clientHeight } = this.element
    const begun = newest === this.breath?.newest ? this.breath.first : newest
    return begun.offsetTop + Math.min(begun.offsetHeight, SEEN_FROM) <= scrollTop + clientHeight
  }

  private get atEnd(): boolean {
    const { scrollHeight, scrollTop, clientHeight } = this.element
    return scrollHeight - scrollTop - clientHeight < NEAR_END
  }

  toEnd(): void {
    this.following = true
    this.jump.hidden = true
    this.element.scrollTop = this.element.scrollHeight
  }

  translate(locale: Locale): void {
    const texts = TEXTS[locale]
    this.element.setAttribute('aria-label', texts.log)
    this.list.setAttribute('aria-label', texts.log)
    this.typingText = texts.typing
    if (!this.typing.hidden) this.typingStatus.textContent = texts.typing
    this.jump.replaceChildren(icon('down'), texts.newMessages)
  }

  showTyping(on: boolean): void {
    if (this.typing.hidden === !on) return
    this.typing.hidden = !on
    this.typingStatus.textContent = on ? this.typingText : ''
    if (on && this.following) this.toEnd()
  }

  /** `quiet` while history is filled in: a screen reader need not read all of it aloud. */
  draw(entries: readonly Entry[], locale: Locale, quiet: boolean): void {
    this.list.setAttribute('aria-live', quiet ? 'off' : 'polite')
    const next = new Map<string, Drawn>()
    let before: ChildNode | null = this.list.firstChild
    let grown = false
    for (const entry of entries) {
      const old = this.drawn.get(entry.key)
      const drawn = this.update(entry, locale, old)
      if (!old) grown = true
      if (old && before === old.node) before = drawn.node
      next.set(entry.key, drawn)
      if (drawn.node === before) before = before.nextSibling
      else this.list.insertBefore(drawn.node, before)
    }
    for (const [key, { node }] of this.drawn) if (!next.has(key)) node.remove()
    this.drawn = next
    if (this.following && grown) this.follow(entries)
    else if (this.following) this.toEnd()
    else if (grown) this.jump.hidden = false
  }

  /** Goes to the end, but not past the beginning of what was said last when that is taller than the view. */
  private follow(entries: readonly Entry[]): void {
    this.toEnd()
    const last = entries.at(-1)
    // What customers wrote themselves they need not read from its beginning.
    if (last?.kind !== 'message' || last.author === 'customer') return
    let first: HTMLElement | undefined
    for (const entry of [...entries].reverse()) {
      if (entry.kind !== 'message' || entry.author !== last.author) break
      if (Date.parse(last.at) - Date.parse(entry.at) > BREATH_MS) break
      first = this.drawn.get(entry.key)?.node
    }
    const newest = this.drawn.get(last.key)?.node
    if (!first || !newest) return
    this.breath = { first, newest }
    const height = newest.offsetTop + newest.offsetHeight - first.offsetTop
    if (height <= this.element.clientHeight) return
    this.element.scrollTop = first.offsetTop - ABOVE
    this.following = false
    this.jump.hidden = first === newest
  }

  private update(entry: Entry, locale: Locale, old: Drawn | undefined): Drawn {
    const sign = locale + JSON.stringify(entry)
    if (old?.sign === sign) return old
    const words = entry.kind === 'day' ? sign : locale + JSON.stringify(entry.body)
    // A button that goes while it has the focus hands it to the log instead of losing it.
    const focused = old?.node.contains(document.activeElement) === true
    let node = old?.node
    if (node && old?.words === words && entry.kind === 'message') {
      refresh(node, entry, locale, this.actions)
    } else {
      node = entry.kind === 'day' ? h('div', { class: 'day' }, entry.label) : bubble(entry, locale, this.actions)
      old?.node.replaceWith(node)
    }
    if (focused && !node.contains(document.activeElement)) this.element.focus({ preventScroll: true })
    return { node, sign, words }
  }
}
