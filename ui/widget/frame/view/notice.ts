import type { Locale } from '../../shared/locale'
import { TEXTS } from '../i18n'
import { h } from './dom'

/** What this browser keeps, and the way to make it forget. */
export class Notice {
  readonly element: HTMLElement
  readonly dialog: HTMLDialogElement
  private readonly words = h('span')
  private readonly opener = h('button', { type: 'button' })
  private readonly policy = h('a', { target: '_blank', rel: 'noopener' })
  private readonly title = h('h2', { id: 'forget-title' })
  private readonly text = h('p')
  private readonly cancel = h('button', { type: 'button', class: 'plain' })
  private readonly confirm = h('button', { type: 'button', class: 'strong' })

  /** `policyUrl` is where the privacy policy stands, without the language. */
  constructor(
    forget: () => void,
    private readonly policyUrl: string,
  ) {
    this.element = h('footer', {}, this.words, ' ', this.opener, ' · ', this.policy)
    const buttons = h('div', { class: 'dialog-buttons' }, this.cancel, this.confirm)
    this.dialog = h('dialog', { 'aria-labelledby': 'forget-title' }, this.title, this.text, buttons)
    this.opener.addEventListener('click', () => this.dialog.showModal())
    this.cancel.addEventListener('click', () => this.dialog.close())
    this.confirm.addEventListener('click', () => {
      this.dialog.close()
      forget()
    })
  }

  translate(locale: Locale): void {
    const texts = TEXTS[locale]
    this.words.textContent = texts.notice
    this.opener.textContent = texts.forget
    this.policy.textContent = texts.policy
    this.policy.href = `${this.policyUrl}?lang=${locale}`
    this.title.textContent = texts.forgetTitle
    this.text.textContent = texts.forgetText
    this.cancel.textContent = texts.cancel
    this.confirm.textContent = texts.forgetYes
  }
}
