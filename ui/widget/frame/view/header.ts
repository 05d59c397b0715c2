import { LOCALES, type Locale } from '../../shared/locale'
import { TEXTS } from '../i18n'
import { h, icon } from './dom'

export interface HeaderActions {
  speak(locale: Locale): void
  close(): void
}

/** The shop's name, what answers here, the language, and the way out. */
export class Header {
  readonly element: HTMLElement
  private readonly title = h('h1')
  private readonly subtitle = h('p')
  private readonly language = h('select')
  private readonly closer = h('button', { type: 'button', class: 'close' }, icon('close'))

  /** `embedded` is false when the chat has a tab of its own: there is nothing to close then. */
  constructor(actions: HeaderActions, embedded: boolean) {
    for (const locale of LOCALES) this.language.append(h('option', { value: locale }, TEXTS[locale].name))
    this.language.addEventListener('change', () => actions.speak(this.language.value as Locale))
    this.closer.addEventListener('click', () => actions.close())
    this.closer.hidden = !embedded
    const picker = h('label', { class: 'language' }, icon('globe'), this.language)
    const names = h('div', { class: 'names' }, this.title, this.subtitle)
    this.element = h('header', {}, h('span', { class: 'face' }, icon('smile')), names, picker, this.closer)
  }

  translate(locale: Locale, title: string): void {
    const texts = TEXTS[locale]
    this.title.textContent = title || texts.title
    this.subtitle.textContent = texts.subtitle
    this.language.value = locale
    this.language.setAttribute('aria-label', texts.language)
    this.language.title = texts.language
    this.closer.setAttribute('aria-label', texts.close)
    this.closer.title = texts.close
  }
}
