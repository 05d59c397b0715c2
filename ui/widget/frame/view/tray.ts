import { ApiFault } from '../api'
import { sizeLabel } from '../i18n'
import type { Attachment, Limits } from '../protocol'
import type { Texts } from '../texts/texts'
import { h, icon } from './dom'

interface Item {
  file: File
  limits: Limits
  element: HTMLElement
  bar: HTMLProgressElement
  note: HTMLElement
  retry: HTMLButtonElement
  done?: Attachment
}

export type Upload = (file: File, progress: (share: number) => void) => Promise<Attachment>

/** Why a file did not go up, in words, and whether the same file may go up another time. */
export function explainUpload(
  fault: unknown,
  name: string,
  limits: Limits,
  texts: Texts,
): { words: string; passing: boolean } {
  const status = fault instanceof ApiFault ? fault.status : 0
  // The server looks at the content, so it refuses what passed here by its name.
  if (status === 415) return { words: texts.fileRefused(name), passing: false }
  if (status === 413) return { words: texts.fileTooLarge(name, sizeLabel(limits.blob_bytes)), passing: false }
  return { words: texts.uploadFailed(name), passing: true }
}

/** Files chosen for the next message: uploaded at once, sent with it. */
export class Tray {
  readonly element = h('div', { class: 'tray', hidden: true })
  private items: Item[] = []

  constructor(
    private readonly upload: Upload,
    private readonly texts: () => Texts,
    private readonly changed: () => void,
  ) {}

  get busy(): boolean {
    return this.items.some((item) => !item.done)
  }

  get ready(): Attachment[] {
    return this.items.map((item) => item.done).filter((done): done is Attachment => done !== undefined)
  }

  /** Adds what is allowed; answers the complaints about what is not. */
  add(files: Iterable<File>, limits: Limits): string[] {
    const complaints: string[] = []
    for (const file of files) {
      if (!limits.blob_types.includes(file.type)) complaints.push(this.texts().fileRefused(file.name))
      else if (file.size > limits.blob_bytes)
        complaints.push(this.texts().fileTooLarge(file.name, sizeLabel(limits.blob_bytes)))
      else this.put(file, limits)
    }
    return complaints
  }

  /** Takes out what is uploaded, to be sent. */
  take(): Attachment[] {
    const ready = this.ready
    for (const item of this.items.filter((one) => one.done)) this.drop(item)
    return ready
  }

  clear(): void {
    for (const item of [...this.items]) this.drop(item)
  }

  /** Tries again what failed: the network is back. */
  resume(): void {
    for (const item of this.items) if (!item.retry.hidden) void this.send(item)
  }

  private put(file: File, limits: Limits): void {
    const texts = this.texts()
    const bar = h('progress', { max: 1, value: 0, 'aria-label': `${texts.uploading} ${file.name}` })
    const note = h('span', { class: 'tray-note' }, sizeLabel(file.size))
    const retry = h('button', { type: 'button', class: 'tray-retry', hidden: true }, texts.retry)
    const remove = h('button', { type: 'button', class: 'tray-remove', 'aria-label': `${texts.remove} ${file.name}` })
    remove.append(icon('close'))
    const name = h('span', { class: 'tray-name' }, file.name)
    const element = h('div', { class: 'tray-item' }, icon('file'), name, note, bar, retry, remove)
    const item: Item = { file, limits, element, bar, note, retry }
    retry.addEventListener('click', () => void this.send(item))
    remove.addEventListener('click', () => this.drop(item))
    this.items.push(item)
    this.element.append(element)
    void this.send(item)
  }

  private async send(item: Item): Promise<void> {
    item.retry.hidden = true
    item.bar.hidden = false
    item.element.classList.remove('failed')
    item.note.textContent = sizeLabel(item.file.size)
    this.refresh()
    try {
      item.done = await this.upload(item.file, (share) => (item.bar.value = share))
      item.element.classList.add('done')
    } catch (fault) {
      const { words, passing } = explainUpload(fault, item.file.name, item.limits, this.texts())
      item.note.textContent = words
      item.element.classList.add('failed')
      item.retry.hidden = !passing
    }
    item.bar.hidden = true
    this.refresh()
  }

  private drop(item: Item): void {
    this.items = this.items.filter((one) => one !== item)
    item.element.remove()
    this.refresh()
  }

  private refresh(): void {
    this.element.hidden = this.items.length === 0
    this.changed()
  }
}
