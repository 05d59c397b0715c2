import { blocks, inlines, type Inline } from '../richtext'
import { h } from './dom'

/** A link that leaves the frame: in a new tab, which learns nothing of this page. */
export function outsideLink(label: string, url: string, className?: string): HTMLAnchorElement {
  return h('a', { href: url, target: '_blank', rel: 'noopener noreferrer', class: className }, label)
}

function inlineNodes(line: Inline[]): (Node | string)[] {
  return line.map((part) => {
    if (part.kind === 'link') return outsideLink(part.text, part.url)
    return part.kind === 'strong' ? h('strong', {}, part.text) : part.text
  })
}

/** What the customer wrote, as written; addresses are links. */
export function plainText(text: string): HTMLElement {
  return h('p', {}, ...inlineNodes(inlines(text, false)))
}

/** What the shop wrote: paragraphs, lists, named links. */
export function shopText(text: string): HTMLElement[] {
  return blocks(text).map((block) => {
    if (block.kind === 'list') {
      const items = block.items.map((item) => h('li', {}, ...inlineNodes(item)))
      return block.start === undefined ? h('ul', {}, ...items) : h('ol', { start: block.start }, ...items)
    }
    const paragraph = h('p')
    block.lines.forEach((line, index) => paragraph.append(...(index ? [h('br')] : []), ...inlineNodes(line)))
    return paragraph
  })
}
