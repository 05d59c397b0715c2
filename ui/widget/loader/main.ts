import { type Locale, matchLocale } from '../shared/locale'
import { departure, takeProof } from '../shared/login'
import { readToPage, type Theme, THEMES, type ToFrame, type ToPage, wrap } from '../shared/messages'
import { Keep } from './keep'
import { frameAddress, readOptions } from './options'
import { Panel } from './panel'

type Events = { unread: number; open: undefined; close: undefined; fault: string }

type Handlers = { [Name in keyof Events]?: ((value: Events[Name]) => void)[] }

/** What a shop's page may call: `window.Yingda`, announced by the event `yingda:ready` on the window. */
export interface YingdaApi {
  /** Opens the chat; `text` is put into the composer, not sent. */
  open(text?: string): void
  close(): void
  /** The shop's short-lived JWT for the customer who is logged in, or null after logging out. */
  identify(jwt: string | null): void
  set(settings: { locale?: string; theme?: Theme }): void
  /** Listens; answers the way to stop listening. */
  on<Name extends keyof Events>(name: Name, handler: (value: Events[Name]) => void): () => void
}

declare global {
  interface Window {
    Yingda?: YingdaApi
  }
}

/** A frame that has not reported by then was kept away. */
const READY_WITHIN_MS = 15_000

function start(script: HTMLScriptElement): YingdaApi {
  const options = readOptions(script)
  const panel = new Panel(options.locale)
  const keep = new Keep(options.account)
  const handlers: Handlers = {}
  const waiting: ToFrame[] = []
  let ready = false

  function emit<Name extends keyof Events>(name: Name, value: Events[Name]): void {
    for (const handler of handlers[name] ?? []) handler(value)
  }

  function post(message: ToFrame): void {
    panel.frame?.contentWindow?.postMessage(wrap(message), options.base.origin)
  }

  function tell(message: ToFrame): void {
    if (ready) post(message)
    else waiting.push(message)
  }

  function load(): void {
    if (panel.frame) return
    const address = frameAddress(options, panel.accent)
    panel.load(address)
    setTimeout(() => ready || panel.fail(address), READY_WITHIN_MS)
  }

  function open(text?: string): void {
    load()
    if (!panel.isOpen) {
      panel.show(true)
      tell({ type: 'state', open: true })
      emit('open', undefined)
    }
    panel.frame?.focus()
    tell(text ? { type: 'draft', text } : { type: 'focus' })
  }

  function close(): void {
    if (!panel.isOpen) return
    panel.show(false)
    tell({ type: 'state', open: false })
    panel.launcher.focus()
    emit('close', undefined)
  }

  function hear(message: ToPage): void {
    switch (message.type) {
      case 'ready':
        ready = true
        panel.recover()
        for (const early of waiting.splice(0)) tell(early)
        break
      case 'close':
        close()
        break
      case 'unread':
        panel.count(message.count)
        emit('unread', message.count)
        break
      case 'session':
        keep.remember(message.kept)
        break
      case 'fault':
        emit('fault', message.code)
        break
      case 'restore':
        post({ type: 'kept', entries: keep.entries })
        break
      case 'keep':
        keep.set(message.key, message.value)
        break
      case 'leave': {
        const target = departure(message.address, options.base.origin)
        if (target) location.assign(target)
      }
    }
  }

  window.addEventListener('message', (event) => {
    if (!panel.frame || event.source !== panel.frame.contentWindow || event.origin !== options.base.origin) return
    const message = readToPage(event.data)
    if (message) hear(message)
  })
  window.addEventListener('keydown', (event) => {
    if (event.key === 'Escape' && panel.isOpen && !event.defaultPrevented) close()
  })
  panel.launcher.addEventListener('click', () => (panel.isOpen ? close() : open()))
  panel.tint(options.theme)
  document.body.append(panel.host)
  panel.paint(options.accent)
  const proof = takeProof()
  if (proof) {
    open()
    tell({ type: 'proof', proof })
  }
  // A customer who has talked before is told of new answers without opening the chat.
  else if (keep.known) load()

  return {
    open,
    close,
    identify: (jwt) => tell({ type: 'identify', jwt }),
    set: (settings) => {
      const locale: Locale | undefined = matchLocale(settings.locale)
      const theme = THEMES.find((name) => name === settings.theme)
      if (locale) panel.speak((options.locale = locale))
      if (theme) panel.tint((options.theme = theme))
      tell({ type: 'settings', ...(locale && { locale }), ...(theme && { theme }) })
    },
    on: (name, handler) => {
      const list = (handlers[name] ??= []) as ((value: unknown) => void)[]
      list.push(handler as (value: unknown) => void)
      return () => void list.splice(list.indexOf(handler as (value: unknown) => void), 1)
    },
  }
}

const script = document.currentScript
if (script instanceof HTMLScriptElement && !window.Yingda) {
  const begin = () => {
    window.Yingda = start(script)
    window.dispatchEvent(new Event('yingda:ready'))
  }
  // Without `defer` the script may run before there is a body.
  if (document.body) begin()
  else document.addEventListener('DOMContentLoaded', begin)
}
