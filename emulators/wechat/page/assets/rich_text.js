/** Texts as WeChat shows them: addresses, <a href> and links of message menus can be tapped, all else is plain. */

import { h } from './dom.js'

const LINK = /<a\s[^>]*?href\s*=\s*(?:"([^"]*)"|'([^']*)')[^>]*>(.*?)<\/a>|(https?:\/\/[^\s<>"'，。！？；：、（）【】《》]+)/gis

/** `say(text)`: sends a text in the user's name. */
export function richText(text, say) {
  const parts = []
  let from = 0
  for (const match of text.matchAll(LINK)) {
    parts.push(text.slice(from, match.index))
    from = match.index + match[0].length
    const [, double, single, inner, bare] = match
    if (bare === undefined) parts.push(link(double ?? single, inner, say))
    else {
      const address = trimmed(bare)
      parts.push(link(address, address, say), bare.slice(address.length))
    }
  }
  parts.push(text.slice(from))
  return parts.filter((part) => part !== '')
}

/** The full stop of the sentence around an address, or the bracket that closes around it, is none of it. */
function trimmed(address) {
  let end = address.length
  for (;;) {
    const last = address[end - 1]
    const closes = last === ')' && !address.slice(0, end).includes('(')
    if (!closes && !'.,;:!?'.includes(last)) return address.slice(0, end)
    end -= 1
  }
}

function link(address, words, say) {
  const menu = /^weixin:\/\/bizmsgmenu\?(.*)$/s.exec(address)
  if (menu) {
    const content = new URLSearchParams(menu[1].replaceAll('&amp;', '&')).get('msgmenucontent') || words
    return h('button', { type: 'button', class: 'inline', onclick: () => say(content) }, words)
  }
  return outward(address, words)
}

/** A link to another page, where the address is one; otherwise only the words. */
export function outward(address, ...words) {
  if (!/^https?:\/\//i.test(address)) return h('span', {}, words)
  return h('a', { href: address, target: '_blank', rel: 'noopener noreferrer' }, words)
}
