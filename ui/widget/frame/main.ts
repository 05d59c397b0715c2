import { firstLocale, type Locale, matchLocale } from '../shared/locale'
import { takeProof } from '../shared/login'
import { THEMES } from '../shared/messages'
import { Chat } from './chat'
import { Page } from './page'
import { browserShelf, PageShelf, Store } from './store'
import { accentFrom, ThemeSwitch } from './theme'

const asked = new URLSearchParams(location.search)
const [, root, account] = /^(.*)\/widget\/frame\/([^/]+)/.exec(location.pathname) ?? []

const theme = new ThemeSwitch(
  document.documentElement,
  THEMES.find((name) => name === asked.get('theme')) ?? 'auto',
  accentFrom(asked.get('accent')),
)

const page = new Page(asked.get('origin'), (message) => {
  switch (message.type) {
    case 'state':
      return chat.open(message.open)
    case 'focus':
      return chat.focus()
    case 'draft':
      return chat.fill(message.text)
    case 'identify':
      return void chat.identify(message.jwt)
    case 'proof':
      return void chat.prove(message.proof)
    case 'settings':
      if (message.theme) theme.set(message.theme)
      if (message.locale) chat.speak(message.locale)
  }
})

const shelf =
  browserShelf() ?? new PageShelf(await page.restore(), (key, value) => page.tell({ type: 'keep', key, value }))
const store = new Store(`yingda:${account}:`, shelf)

/** The customer's own choice of language holds as long as the page speaks the language it was made on. */
const pageLocale = asked.get('locale') ?? ''
const chosen = store.read<{ locale: Locale; page: string }>('locale')

const chat = new Chat({
  base: `${location.origin}${root}/channels/${account}`,
  policyUrl: `${location.origin}${root}/privacy`,
  place: document.getElementById('chat') as HTMLElement,
  store,
  page,
  locale: (chosen?.page === pageLocale && matchLocale(chosen.locale)) || firstLocale(pageLocale, navigator.languages),
  title: asked.get('title') ?? '',
  remember: (locale) => store.set('locale', { locale, page: pageLocale }),
})

chat.start()
const proof = page.embedded ? undefined : takeProof()
if (proof) void chat.prove(proof)
// Only now: until it hears this, the page keeps back what it has to say.
page.tell({ type: 'ready' })
