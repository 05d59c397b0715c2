import { contrast, NEARLY_BLACK, parseColour, toCss, WHITE } from '../shared/colour'
import type { Locale } from '../shared/locale'
import type { Theme } from '../shared/messages'
import { dress, FULL_SCREEN } from './style'
import { TEXTS } from './texts'

const SVG = 'http://www.w3.org/2000/svg'
const BUBBLE =
  'M12 3.2c5 0 9 3.5 9 8s-4 8-9 8c-1 0-2-.1-2.9-.4L5 20.8l.7-3.5C4 15.8 3 13.6 3 11.2c0-4.5 4-8 9-8zM8.4 11.8c.8 1.7 2.1 2.5 3.6 2.5s2.8-.8 3.6-2.5'
const CROSS = 'M7 7l10 10M17 7 7 17'

function make<K extends keyof HTMLElementTagNameMap>(tag: K, className: string): HTMLElementTagNameMap[K] {
  const element = document.createElement(tag)
  element.className = className
  return element
}

/** What the customer sees on the shop's page: the button, its badge, and the panel with the frame. */
export class Panel {
  readonly host = document.createElement('yingda-chat')
  readonly launcher = make('button', 'launcher')
  frame: HTMLIFrameElement | undefined
  isOpen = false
  private readonly path = document.createElementNS(SVG, 'path')
  private readonly badge = make('span', 'badge')
  private readonly panel = make('div', 'panel shut')
  private readonly status = make('span', 'status')
  private readonly screen = matchMedia(FULL_SCREEN)
  private inert: Element[] = []
  private unread = 0

  constructor(private locale: Locale) {
    const root = this.host.attachShadow({ mode: 'open' })
    dress(root)
    const picture = document.createElementNS(SVG, 'svg')
    picture.setAttribute('viewBox', '0 0 24 24')
    picture.setAttribute('aria-hidden', 'true')
    picture.append(this.path)
    this.launcher.type = 'button'
    this.launcher.append(picture, this.badge)
    this.badge.setAttribute('aria-hidden', 'true')
    this.status.setAttribute('role', 'status')
    root.append(this.panel, this.launcher, this.status)
    this.screen.addEventListener('change', () => this.cover())
    window.visualViewport?.addEventListener('resize', () => this.fit())
    window.visualViewport?.addEventListener('scroll', () => this.fit())
    this.draw()
  }

  get accent(): string {
    return getComputedStyle(this.host).getPropertyValue('--yingda-accent').trim()
  }

  /** Takes the script's accent, else the page's, and a sign on it that can be seen. */
  paint(accent: string): void {
    if (accent) this.host.style.setProperty('--yingda-accent', accent)
    const ground = parseColour(this.accent)
    if (ground && contrast(WHITE, ground) < 3) this.host.style.setProperty('--yingda-on-accent', toCss(NEARLY_BLACK))
  }

  /** The ground under the frame, seen while it loads. */
  tint(theme: Theme): void {
    this.host.style.setProperty('color-scheme', theme === 'auto' ? 'light dark' : theme)
  }

  load(address: string): HTMLIFrameElement {
    const frame = make('iframe', '')
    frame.title = TEXTS[this.locale].frame
    frame.src = address
    this.panel.append(frame)
    return (this.frame = frame)
  }

  show(open: boolean): void {
    this.isOpen = open
    this.panel.classList.toggle('shut', !open)
    this.cover()
    this.draw()
  }

  count(unread: number): void {
    this.unread = unread
    this.draw()
    this.status.textContent = unread && !this.isOpen ? TEXTS[this.locale].unread(unread) : ''
  }

  speak(locale: Locale): void {
    this.locale = locale
    if (this.frame) this.frame.title = TEXTS[locale].frame
    this.draw()
  }

  /** The page's policy, an extension or the network kept the frame away: offer the chat by itself. */
  fail(address: string): void {
    if (this.panel.querySelector('.failed')) return
    const words = make('div', 'failed')
    const link = document.createElement('a')
    link.href = address
    link.target = '_blank'
    link.rel = 'noopener'
    link.textContent = TEXTS[this.locale].newTab
    words.append(TEXTS[this.locale].failed, link)
    this.panel.append(words)
  }

  recover(): void {
    this.panel.querySelector('.failed')?.remove()
  }

  private draw(): void {
    const texts = TEXTS[this.locale]
    const unread = this.unread && !this.isOpen ? this.unread : 0
    const action = this.isOpen ? texts.close : texts.open
    this.launcher.setAttribute('aria-label', unread ? `${action} (${texts.unread(unread)})` : action)
    this.launcher.setAttribute('aria-expanded', String(this.isOpen))
    this.path.setAttribute('d', this.isOpen ? CROSS : BUBBLE)
    this.badge.hidden = !unread
    this.badge.textContent = unread > 99 ? '99+' : String(unread)
  }

  /** Filling the screen, the chat is all there is: the page behind neither scrolls nor takes the focus. */
  private cover(): void {
    const covering = this.isOpen && this.screen.matches
    const behind = [...document.body.children].filter((child) => child !== this.host && !child.hasAttribute('inert'))
    if (covering && !this.inert.length) this.inert = behind
    for (const element of this.inert) element.toggleAttribute('inert', covering)
    if (!covering) this.inert = []
    document.documentElement.style.setProperty('overflow', covering ? 'hidden' : '')
    this.fit()
  }

  /** A phone's keyboard shrinks what is visible, not what is laid out: follow what is visible. */
  private fit(): void {
    const view = this.isOpen && this.screen.matches ? window.visualViewport : null
    this.panel.style.setProperty('height', view ? `${view.height}px` : '')
    this.panel.style.setProperty('top', view ? `${view.offsetTop}px` : '')
    this.panel.style.setProperty('bottom', view ? 'auto' : '')
  }
}
