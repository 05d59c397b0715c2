import type { Locale } from '../../shared/locale'
import { TEXTS } from '../i18n'
import type { Attachment, Limits } from '../protocol'
import type { Texts } from '../texts/texts'
import { h, icon } from './dom'
import { Tray, type Upload } from './tray'

export interface ComposerActions {
  send(draft: { text?: string; attachments?: Attachment[] }): void
  typing(on: boolean): void
  draft(text: string): void
  upload: Upload
  limits(): Limits
}

const encoder = new TextEncoder()
/** From this share of the limit on, the count is shown. */
const SHOW_COUNT_FROM = 0.8

/** One message takes no more; further files go with the next. */
const MAX_ATTACHMENTS = 5

/** Where the customer writes: Enter sends, Shift+Enter is a new line, composing Chinese is left alone. */
export class Composer {
  readonly element: HTMLFormElement
  private readonly field = h('textarea', { rows: 1, 'aria-describedby': 'hint', enterkeyhint: 'send', id: 'field' })
  private readonly submit = h('button', { type: 'submit', class: 'send' }, icon('send'))
  private readonly attach = h('button', { type: 'button', class: 'tool' }, icon('attach'))
  private readonly picker = h('input', { type: 'file', multiple: true, hidden: true })
  private readonly hint = h('p', { class: 'hint', id: 'hint', role: 'alert', hidden: true })
  private readonly tray: Tray
  private texts: Texts = TEXTS.en
  private complaint = ''

  constructor(private readonly actions: ComposerActions) {
    this.tray = new Tray(actions.upload, () => this.texts, () => this.refresh())
    const row = h('div', { class: 'row' }, this.attach, this.picker, this.field, this.submit)
    this.element = h('form', { class: 'composer' }, this.hint, this.tray.element, row)
    this.element.addEventListener('submit', (event) => {
      event.preventDefault()
      this.send()
    })
    this.field.addEventListener('input', () => this.edited())
    this.field.addEventListener('keydown', (event) => this.key(event))
    this.field.addEventListener('paste', (event) => this.take(event, event.clipboardData))
    this.attach.addEventListener('click', () => {
      this.picker.accept = this.actions.limits().blob_types.join(',')
      this.picker.click()
    })
    this.picker.addEventListener('change', () => {
      this.addFiles(this.picker.files ?? [])
      this.picker.value = ''
    })
  }

  translate(locale: Locale): void {
    this.texts = TEXTS[locale]
    this.field.placeholder = this.texts.placeholder
    this.field.setAttribute('aria-label', this.texts.message)
    for (const [button, label] of [[this.submit, this.texts.send], [this.attach, this.texts.attach]] as const) {
      button.setAttribute('aria-label', label)
      button.title = label
    }
    this.refresh()
  }

  fill(text: string): void {
    this.field.value = text
    this.refresh()
  }

  focus(): void {
    this.field.focus()
  }

  resume(): void {
    this.tray.resume()
  }

  clear(): void {
    this.tray.clear()
    this.fill('')
  }

  /** Files from a paste or a drop; text passes by. */
  take(event: Event, data: DataTransfer | null): void {
    if (!data?.files.length) return
    event.preventDefault()
    this.addFiles(data.files)
  }

  private addFiles(files: Iterable<File>): void {
    this.complaint = this.tray.add(files, this.actions.limits()).join(' ')
    this.refresh()
    this.focus()
  }

  private key(event: KeyboardEvent): void {
    // 229: some browsers end a composition before they report the Enter that ended it.
    if (event.key !== 'Enter' || event.shiftKey || event.isComposing || event.keyCode === 229) return
    event.preventDefault()
    this.send()
  }

  private edited(): void {
    this.complaint = ''
    this.actions.draft(this.field.value)
    this.actions.typing(this.field.value !== '')
    this.refresh()
  }

  private get bytes(): number {
    return encoder.encode(this.field.value.trim()).length
  }

  private get sendable(): boolean {
    if (this.tray.busy || this.bytes > this.actions.limits().text_bytes) return false
    return this.bytes > 0 || this.tray.ready.length > 0
  }

  private send(): void {
    if (!this.sendable) return
    const text = this.field.value.trim()
    const attachments = this.tray.take()
    for (let start = 0; start < attachments.length; start += MAX_ATTACHMENTS)
      this.actions.send({ attachments: attachments.slice(start, start + MAX_ATTACHMENTS) })
    if (text) this.actions.send({ text })
    this.complaint = ''
    this.fill('')
    this.actions.draft('')
    this.actions.typing(false)
    this.focus()
  }

  private refresh(): void {
    const used = this.bytes
    const limit = this.actions.limits().text_bytes
    const tooLong = used > limit
    const count = used > limit * SHOW_COUNT_FROM ? this.texts.size(used, limit) : ''
    const hint = this.complaint || (tooLong ? this.texts.tooLong(used, limit) : count)
    if (this.hint.textContent !== hint) this.hint.textContent = hint
    this.hint.hidden = !hint
    this.hint.classList.toggle('wrong', tooLong || this.complaint !== '')
    // Counting aloud with every key would drown everything else.
    this.hint.setAttribute('role', tooLong || this.complaint ? 'alert' : 'note')
    this.field.setAttribute('aria-invalid', String(tooLong))
    this.submit.disabled = !this.sendable
    this.grow()
  }

  private grow(): void {
    const { style } = this.field
    style.setProperty('height', 'auto')
    style.setProperty('height', `${this.field.scrollHeight}px`)
  }
}
