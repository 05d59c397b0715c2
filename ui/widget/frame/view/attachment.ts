import { sizeLabel } from '../i18n'
import type { Attachment } from '../protocol'
import type { Texts } from '../texts/texts'
import { h, icon } from './dom'

/** Gives the address of an attachment's bytes in this page (blob:), fetched with the session's token. */
export type FetchBlob = (id: string) => Promise<string>

function whenNear(element: Element, work: () => void): void {
  const observer = new IntersectionObserver((entries) => {
    if (!entries.some((entry) => entry.isIntersecting)) return
    observer.disconnect()
    work()
  })
  observer.observe(element)
}

function picture(item: Attachment, texts: Texts, fetchBlob: FetchBlob): HTMLElement {
  const image = h('img', { alt: texts.picture(item.name), decoding: 'async' })
  const link = h('a', { class: 'picture', target: '_blank', rel: 'noopener' }, image)
  // Its place is kept until there is something to fill it: a list that shrinks for a moment moves the reader.
  image.addEventListener('load', () => link.classList.add('here'))
  // A picture far up in the history is not fetched before somebody scrolls there.
  whenNear(link, () => {
    fetchBlob(item.id).then(
      (url) => (link.href = image.src = url),
      () => link.classList.add('missing'),
    )
  })
  return link
}

function file(item: Attachment, texts: Texts, fetchBlob: FetchBlob): HTMLElement {
  const size = sizeLabel(item.size)
  const button = h(
    'button',
    { type: 'button', class: 'file', 'aria-label': texts.file(item.name, size) },
    icon('file'),
    h('span', { class: 'file-name' }, item.name),
    h('span', { class: 'file-size' }, size),
  )
  button.addEventListener('click', () => {
    fetchBlob(item.id).then(
      (url) => h('a', { href: url, download: item.name }).click(),
      () => button.classList.add('missing'),
    )
  })
  return button
}

export function attachment(item: Attachment, texts: Texts, fetchBlob: FetchBlob): HTMLElement {
  return item.type.startsWith('image/') ? picture(item, texts, fetchBlob) : file(item, texts, fetchBlob)
}
