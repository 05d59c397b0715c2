const MARK = 'yingda-wechat='

/** What a log-in with WeChat left in the page's address; it is taken away, so that nobody copies it with the address. */
export function takeProof(): string | undefined {
  const parts = location.hash.slice(1).split('&')
  const proof = parts.find((part) => part.startsWith(MARK))?.slice(MARK.length)
  if (!proof) return undefined
  const rest = parts.filter((part) => !part.startsWith(MARK)).join('&')
  history.replaceState(history.state, '', location.pathname + location.search + (rest && `#${rest}`))
  return proof
}

/** Where a log-in begins, with this page as the one to come back to; undefined for an address that is not `origin`'s. */
export function departure(address: string, origin: string): string | undefined {
  let url: URL
  try {
    url = new URL(address)
  } catch {
    return undefined
  }
  if (url.origin !== origin) return undefined
  url.searchParams.set('return', location.href.split('#')[0] ?? '')
  return url.href
}
