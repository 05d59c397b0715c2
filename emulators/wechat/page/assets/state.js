/** What the page knows, and who is told when it changes. */

import * as control from './control.js'
import { toast } from './dom.js'
import { t, told } from './language.js'
import { Stream } from './stream.js'

const KEPT_LINES = 2_000

class State extends EventTarget {
  accounts = []
  users = []
  user = null
  account = null
  person = null
  lines = []
  connection = 'open'
  unread = new Map()
  #ahead = 0
  #stream = null

  /** The emulator's time in seconds. */
  get now() {
    return Date.now() / 1000 + this.#ahead
  }

  get settings() {
    return this.accounts.find((one) => one.settings.name === this.account)
  }

  get chat() {
    return this.person?.chats.find((one) => one.account === this.account)
  }

  emit(what, detail) {
    this.dispatchEvent(new CustomEvent(what, { detail }))
  }

  on(names, listener) {
    for (const name of names.split(' ')) this.addEventListener(name, (event) => listener(event.detail))
  }

  async refresh() {
    const found = await control.overview()
    this.accounts = found.accounts
    this.#ahead = found.now - Date.now() / 1000
    this.account ??= found.accounts[0]?.settings.name ?? null
    if (!this.settings) this.account = found.accounts[0]?.settings.name ?? null
    if (found.users !== this.users.length) this.users = (await control.users()).users
    this.emit('accounts')
  }

  async refreshPerson() {
    const user = this.user
    if (!user) return
    const found = await control.person(user)
    if (user !== this.user) return
    this.person = found
    this.emit('person')
  }

  pick(user, account = this.account) {
    const other = user !== this.user
    this.account = account
    if (other) {
      this.#stream?.close()
      this.#stream = null
      this.user = user
      this.person = null
      this.lines = []
      this.unread.clear()
      this.connection = 'open'
    }
    this.unread.delete(account)
    this.#remember()
    this.emit('picked')
    if (!other || !user) return
    this.#stream = new Stream(user, {
      onLine: (line) => this.#line(line),
      onState: (state) => this.#connected(state),
    })
    this.try(() => this.refreshPerson())
  }

  /** Does what a user does, for the picked one. */
  act(what, body = {}) {
    return control.act(this.user, what, { account: this.account, ...body }).finally(() => this.emit('acted'))
  }

  /** Whether it went well; what did not is told. */
  async try(work) {
    try {
      await work()
      return true
    } catch (fault) {
      toast(told(fault))
      return false
    }
  }

  #line(line) {
    this.lines.push(line)
    if (this.lines.length > KEPT_LINES) this.lines.splice(0, this.lines.length - KEPT_LINES)
    const read = line.how !== 'user' && line.how !== 'typing' && line.how !== 'menu'
    if (read && line.account && line.account !== this.account && line.at > this.now - 3) {
      this.unread.set(line.account, (this.unread.get(line.account) ?? 0) + 1)
    }
    this.emit('line', line)
  }

  #connected(state) {
    if (state === 'gone') {
      toast(t('user_gone', { user: this.user }))
      this.users = []
      this.pick(null)
      this.try(() => this.refresh())
      return
    }
    if (state === 'anew') {
      this.lines = []
      this.emit('picked')
      return
    }
    this.connection = state
    this.emit('connection')
  }

  /** The address keeps who is picked; the cookie tells the emulated web log-in. */
  #remember() {
    const address = new URL(location.href)
    for (const [name, value] of [['user', this.user], ['account', this.account]]) {
      if (value) address.searchParams.set(name, value)
      else address.searchParams.delete(name)
    }
    history.replaceState(null, '', address)
    if (this.user) document.cookie = `emulated_user=${this.user}; path=/; SameSite=Lax`
  }
}

export const state = new State()
