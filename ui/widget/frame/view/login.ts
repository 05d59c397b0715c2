import type { Locale } from '../../shared/locale'
import { TEXTS } from '../i18n'
import type { LoginState } from '../login'
import { h } from './dom'

/** One line that offers the log-in with WeChat, then says how it went. */
export class LoginLine {
  readonly element = h('div', { class: 'login', hidden: true })
  private readonly button = h('button', { type: 'button' })
  private readonly words = h('span', { role: 'status' })
  private state: LoginState = 'none'
  private locale: Locale = 'en'

  constructor(begin: () => void) {
    this.button.addEventListener('click', begin)
    this.element.append(this.words, this.button)
  }

  show(state: LoginState): void {
    this.state = state
    this.draw()
  }

  translate(locale: Locale): void {
    this.locale = locale
    this.draw()
  }

  private draw(): void {
    const texts = TEXTS[this.locale].login
    const { state } = this
    this.element.hidden = state === 'none'
    this.button.hidden = state !== 'offered' && state !== 'failed'
    this.button.textContent = texts.begin
    this.words.textContent = state === 'none' || state === 'offered' ? '' : texts[state]
  }
}
