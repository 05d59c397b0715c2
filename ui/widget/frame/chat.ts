import type { Locale } from '../shared/locale'
import { Conversation } from './conversation'
import { TEXTS } from './i18n'
import { departure } from '../shared/login'
import { Api } from './api'
import { Login } from './login'
import type { Page } from './page'
import type { Choice } from './protocol'
import type { Draft } from './queue'
import type { Store } from './store'
import { timeline } from './timeline'
import { OwnTyping, TheirTyping } from './typing'
import { Banner } from './view/banner'
import { Composer } from './view/composer'
import { Header } from './view/header'
import { Log } from './view/log'
import { LoginLine } from './view/login'
import { Notice } from './view/notice'
import { Welcome } from './view/welcome'

export interface ChatOptions {
  /** Address of the account's channel, without a slash at the end. */
  base: string
  /** Where the privacy policy stands, without the language. */
  policyUrl: string
  place: HTMLElement
  store: Store
  page: Page
  locale: Locale
  /** The shop's own title; empty for the account's. */
  title: string
  remember: (locale: Locale) => void
}

/** A burst of messages is drawn once. */
const DRAW_AFTER_MS = 16
const KEEP_AFTER_MS = 400

/** The chat as the customer sees it: joins the conversation with its views. */
export class Chat {
  private readonly conversation: Conversation
  private readonly header: Header
  private readonly banner = new Banner()
  private readonly log: Log
  private readonly composer: Composer
  private readonly notice: Notice
  private readonly welcome = new Welcome((question) => this.say({ text: question }))
  private readonly login: Login
  private readonly loginLine = new LoginLine(() => void this.login.begin())
  private readonly own = new OwnTyping((on) => this.conversation.connection.typing(on))
  private readonly theirs = new TheirTyping((on) => this.log.showTyping(on))
  private locale: Locale
  private visible: boolean
  private drawnTitle: string | undefined
  private offeredTo: string | undefined
  private toldUnread = -1
  /** True until the draw after the history was complete. */
  private quiet = true
  private drawTimer: ReturnType<typeof setTimeout> | undefined
  private keepTimer: ReturnType<typeof setTimeout> | undefined

  constructor(private readonly options: ChatOptions) {
    const { page, store } = options
    this.locale = options.locale
    this.visible = !page.embedded
    this.conversation = new Conversation(options.base, store, () => this.locale, {
      changed: () => this.drawSoon(),
      status: (status) => this.banner.show(status),
      typing: (on) => this.theirs.update(on),
      working: (on) => this.theirs.work(on),
      kept: (kept) => page.tell({ type: 'session', kept }),
    })
    const { conversation } = this
    this.header = new Header({ speak: (locale) => this.choose(locale), close: () => this.close() }, page.embedded)
    this.log = new Log(
      {
        choose: (choice) => this.tap(choice),
        retry: (key) => conversation.retry(key),
        discard: (key) => conversation.queue.remove(key),
        fetchBlob: (id) => conversation.blobs.address(id),
      },
      this.welcome.element,
      () => this.look(),
    )
    this.composer = new Composer({
      send: (draft) => this.say(draft),
      typing: (on) => this.own.update(on),
      draft: (text) => (text ? store.set('draft', text) : store.remove('draft')),
      upload: (file, progress) => conversation.blobs.upload(file, progress),
      limits: () => conversation.limits,
    })
    this.login = new Login(options.base, new Api(options.base), conversation.sessions, store, {
      leave: (address) => this.leave(address),
      show: (state) => this.loginLine.show(state),
    })
    this.notice = new Notice(() => this.forget(), this.options.policyUrl)
  }

  start(): void {
    const { header, banner, loginLine, log, composer, notice } = this
    const parts = [header, banner, loginLine, log].map((part) => part.element)
    this.options.place.append(...parts, log.jump, composer.element, notice.element, notice.dialog)
    this.translate()
    composer.fill(this.options.store.get('draft') ?? '')
    this.listen()
    this.conversation.start()
    this.draw()
  }

  open(visible: boolean): void {
    this.visible = visible
    this.look()
  }

  focus(): void {
    this.composer.focus()
  }

  fill(text: string): void {
    this.composer.fill(text)
    this.composer.focus()
  }

  /** Changes the language without remembering it as the customer's own choice. */
  speak(locale: Locale): void {
    this.locale = locale
    this.translate()
    this.draw()
    // A language that the server could not be told is told with the next session.
    this.conversation.sessions.speak(locale).catch(() => undefined)
  }

  async identify(jwt: string | null): Promise<void> {
    const code = await this.conversation.identify(jwt)
    if (code) this.options.page.tell({ type: 'fault', code })
  }

  /** The page has come back from a log-in. */
  async prove(proof: string): Promise<void> {
    await this.login.end(proof)
  }

  private leave(address: string): void {
    const { page } = this.options
    const target = page.embedded ? undefined : departure(address, location.origin)
    if (page.embedded) page.tell({ type: 'leave', address })
    else if (target) location.assign(target)
  }

  private choose(locale: Locale): void {
    this.options.remember(locale)
    this.speak(locale)
  }

  /** Who says something wants to see it, wherever they had scrolled to. */
  private say(draft: Draft, label?: string): void {
    this.conversation.say(draft, label)
    this.log.toEnd()
  }

  private tap(choice: Choice): void {
    this.say({ choice: choice.id }, choice.label)
    this.composer.focus()
  }

  private close(): void {
    this.options.page.tell({ type: 'close' })
  }

  private forget(): void {
    this.composer.clear()
    this.conversation.forget()
    this.composer.focus()
  }

  private listen(): void {
    const { connection } = this.conversation
    window.addEventListener('online', () => {
      connection.wake()
      this.composer.resume()
    })
    window.addEventListener('offline', () => connection.lose())
    window.addEventListener('pagehide', () => this.conversation.thread.keep())
    window.addEventListener('storage', (event) => {
      if (event.key?.startsWith(this.options.store.prefix)) this.conversation.follow()
    })
    document.addEventListener('visibilitychange', () => {
      if (document.visibilityState === 'visible') connection.wake()
      this.look()
    })
    document.addEventListener('keydown', (event) => {
      const busy = event.defaultPrevented || event.isComposing || this.notice.dialog.open
      if (event.key === 'Escape' && !busy) this.close()
    })
    document.addEventListener('dragover', (event) => event.preventDefault())
    document.addEventListener('drop', (event) => this.composer.take(event, event.dataTransfer))
  }

  private get title(): string {
    const titles = this.conversation.sessions.current?.title
    return this.options.title || (titles?.[this.locale] ?? '')
  }

  private translate(): void {
    document.documentElement.lang = this.locale
    this.banner.translate(this.locale)
    for (const part of [this.loginLine, this.log, this.composer, this.notice]) part.translate(this.locale)
    this.drawnTitle = undefined
  }

  /** The shop's name comes with the session, maybe later than the first draw. */
  private entitle(): void {
    if (this.drawnTitle === this.title) return
    this.drawnTitle = this.title
    this.header.translate(this.locale, this.title)
    this.welcome.translate(this.locale, this.title)
    document.title = this.title || TEXTS[this.locale].title
  }

  /** Once per visitor: what became of a log-in stays to be read. */
  private offerLogin(): void {
    const session = this.conversation.sessions.current
    const visitor = `${session?.visitor} ${session?.login}`
    if (visitor === this.offeredTo) return
    this.offeredTo = visitor
    this.login.offer()
  }

  private drawSoon(): void {
    this.drawTimer ??= setTimeout(() => this.draw(), DRAW_AFTER_MS)
  }

  private draw(): void {
    clearTimeout(this.drawTimer)
    this.drawTimer = undefined
    const { thread, queue, catchingUp } = this.conversation
    const entries = timeline(thread, queue.items(), this.locale, new Date())
    this.welcome.element.hidden = entries.length > 0
    this.entitle()
    this.offerLogin()
    this.log.draw(entries, this.locale, this.quiet)
    this.quiet = catchingUp
    this.look()
    this.keepTimer ??= setTimeout(() => {
      this.keepTimer = undefined
      thread.keep()
    }, KEEP_AFTER_MS)
  }

  /** Somebody may be looking: tell the server what was read, the page what was not. */
  private look(): void {
    const seen = this.visible && document.visibilityState === 'visible' && this.log.newestSeen
    this.conversation.seen(seen)
    const count = this.conversation.thread.unread
    if (count !== this.toldUnread) this.options.page.tell({ type: 'unread', count })
    this.toldUnread = count
  }
}
