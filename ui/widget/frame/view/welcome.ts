import type { Locale } from '../../shared/locale'
import { TEXTS } from '../i18n'
import { h, icon } from './dom'

/** What stands where nothing has been said yet: a greeting and questions to tap. */
export class Welcome {
  readonly element: HTMLElement
  private readonly greeting = h('h2')
  private readonly hint = h('p')
  private readonly examples = h('div', { class: 'examples' })

  constructor(private readonly ask: (question: string) => void) {
    const face = h('span', { class: 'face' }, icon('smile'))
    this.element = h('section', { class: 'welcome' }, face, this.greeting, this.hint, this.examples)
  }

  translate(locale: Locale, title: string): void {
    const texts = TEXTS[locale]
    this.greeting.textContent = texts.greeting(title)
    this.hint.textContent = texts.greetingHint
    const chips = texts.examples.map((question) => {
      const chip = h('button', { type: 'button', class: 'chip' }, question)
      chip.addEventListener('click', () => this.ask(question))
      return chip
    })
    this.examples.replaceChildren(...chips)
  }
}
