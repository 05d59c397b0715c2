import type { Locale } from '../../shared/locale'
import type { Status } from '../connection'
import { TEXTS } from '../i18n'
import { h } from './dom'

/** A connection that takes no longer than this is not worth a word. */
const PATIENCE_MS = 1500
/** From this many failed attempts on it is more than a hiccup. */
const TROUBLE_FROM = 2

/** One line about the connection, only while there is something to say. */
export class Banner {
  readonly element = h('div', { class: 'banner', role: 'status', hidden: true })
  private status: Status = { kind: 'connecting', attempts: 0 }
  private locale: Locale = 'en'
  private timer: ReturnType<typeof setTimeout> | undefined

  show(status: Status): void {
    this.status = status
    if (status.kind === 'connecting' && status.attempts < TROUBLE_FROM && this.element.hidden) {
      this.timer ??= setTimeout(() => this.draw(), PATIENCE_MS)
      return
    }
    this.draw()
  }

  translate(locale: Locale): void {
    this.locale = locale
    if (!this.element.hidden) this.draw()
  }

  private draw(): void {
    clearTimeout(this.timer)
    this.timer = undefined
    const text = this.text()
    this.element.hidden = !text
    this.element.className = `banner ${this.status.kind}`
    if (this.element.textContent !== text) this.element.textContent = text
  }

  private text(): string {
    const texts = TEXTS[this.locale]
    switch (this.status.kind) {
      case 'online':
        return ''
      case 'offline':
        return texts.offline
      case 'refused':
        return texts.refused
      case 'connecting':
        return this.status.attempts < TROUBLE_FROM ? texts.connecting : texts.reconnecting
    }
  }
}
