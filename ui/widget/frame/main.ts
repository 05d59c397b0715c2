import { matchLocale, type Locale } from '../shared/locale'
import { THEMES, type ToFrame } from '../shared/messages'
import { Chat } from './chat'
import { firstLocale } from './i18n'
import { Page } from './page'
import { browserShelf, MemoryShelf, Store } from './store'
import { accentFrom, ThemeSwitch } from './theme'

const asked = new URLSearchParams(location.search)
const [, root, account] = /^(.*)\/widget\/frame\/([^/]+)/.exec(location.pathname) ?? []
const store = new Store(`yingda:${account}:`, browserShelf() ?? new MemoryShelf())

/** The customer's own choice of language holds as long as the page speaks the language it was made on. */
const pageLocale = asked.get('locale') ?? ''
const chosen = store.read<{ locale: Locale; page: string }>('locale')
const locale = (chosen?.page === pageLocale && matchLocale(chosen.locale)) || firstLocale(pageLocale, navigator.languages)

const theme = new ThemeSwitch(
  document.documentElement,
  THEMES.find((name) => name === asked.get('theme')) ?? 'auto',
  accentFrom(asked.get('accent')),
)

const page = new Page(asked.get('origin'), (message) => hear(message))
const chat = new Chat({
  base: `${location.origin}${root}/channels/${account}`,
  place: document.getElementById('chat') as HTMLElement,
  store,
  page,
  locale,
  title: asked.get('title') ?? '',
  remember: (choice) => store.set('locale', { locale: choice, page: pageLocale }),
})

function hear(message: ToFrame): void {
  switch (message.type) {
    case 'state':
      return chat.open(message.open)
    case 'focus':
      return chat.focus()
    case 'draft':
      return chat.fill(message.text)
    case 'identify':
      return void chat.identify(message.jwt)
    case 'settings':
      if (message.theme) theme.set(message.theme)
      if (message.locale) chat.speak(message.locale)
  }
}

chat.start()
page.tell({ type: 'ready' })
