export type Inline =
  | { kind: 'text'; text: string }
  | { kind: 'strong'; text: string }
  | { kind: 'link'; text: string; url: string }

export type Block =
  | { kind: 'paragraph'; lines: Inline[][] }
  | { kind: 'list'; start: number | undefined; items: Inline[][] }

const PROTOCOLS = new Set(['http:', 'https:', 'mailto:', 'tel:'])

/** The address when it is absolute and of a kind that cannot run code; undefined otherwise. */
export function safeUrl(url: string): string | undefined {
  try {
    const parsed = new URL(url)
    return PROTOCOLS.has(parsed.protocol) ? parsed.href : undefined
  } catch {
    return undefined
  }
}

// Every repetition is bounded: a hostile text must not cost quadratic time.
const ADDRESS = String.raw`https?:\/\/[^\s<>"'，。；：！？、（）【】《》「」『』“”‘’]{1,2000}`
const MAIL = String.raw`[\w.+-]{1,64}@[\w-]{1,63}(?:\.[\w-]{1,63}){1,8}`
const NAMED = String.raw`\[([^\]\n]{1,200})\]\(([^)\s]{1,500})\)`
const STRONG = String.raw`\*\*([^*\n]{1,500})\*\*`
const PLAIN = new RegExp(`(${ADDRESS})|(${MAIL})`, 'g')
const MARKED = new RegExp(`(${ADDRESS})|(${MAIL})|${NAMED}|${STRONG}`, 'g')

function token(match: RegExpMatchArray): { inline: Inline; length: number } {
  const [whole, address, mail, label, target, strong] = match
  if (strong) return { inline: { kind: 'strong', text: strong }, length: whole.length }
  // Punctuation at the end of an address nearly always belongs to the sentence.
  const text = label ?? mail ?? (address ?? whole).replace(/[.,;:!?)\]}]+$/, '')
  const url = safeUrl(target ?? (mail ? `mailto:${mail}` : text))
  const inline: Inline = url ? { kind: 'link', text, url } : { kind: 'text', text }
  return { inline, length: label ? whole.length : text.length }
}

/** Addresses become links; `marked` texts (the shop's, never the customer's) may name links and stress words. */
export function inlines(text: string, marked: boolean): Inline[] {
  const found: Inline[] = []
  let end = 0
  for (const match of text.matchAll(marked ? MARKED : PLAIN)) {
    const { inline, length } = token(match)
    if (match.index > end) found.push({ kind: 'text', text: text.slice(end, match.index) })
    found.push(inline)
    end = match.index + length
  }
  if (end < text.length) found.push({ kind: 'text', text: text.slice(end) })
  return found
}

/** Paragraphs and lists of a shop's text: the small part of Markdown that answers are written in. */
export function blocks(text: string): Block[] {
  const found: Block[] = []
  let open: Block | undefined
  for (const line of text.replace(/\s+$/, '').split('\n')) {
    const item = /^\s{0,8}(?:(\d{1,3})[.)、]|[-*•])\s+(.*)$/.exec(line)
    if (!line.trim()) {
      open = undefined
    } else if (item) {
      const content = inlines(item[2] ?? '', true)
      const start = item[1] === undefined ? undefined : Number(item[1])
      if (open?.kind === 'list' && (open.start === undefined) === (start === undefined)) open.items.push(content)
      else found.push((open = { kind: 'list', start, items: [content] }))
    } else {
      const content = inlines(line, true)
      if (open?.kind === 'paragraph') open.lines.push(content)
      else found.push((open = { kind: 'paragraph', lines: [content] }))
    }
  }
  return found
}
