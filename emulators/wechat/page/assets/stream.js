/** The lines of one user's phone as they come; it comes back by itself and misses nothing. */

import { ControlError, eventsPath, person } from './control.js'

const HOWS = ['user', 'passive', 'custom', 'template', 'subscription', 'mass', 'error', 'typing', 'menu', 'system']
const PAUSE_MS = 2_000

export class Stream {
  #source = null
  #timer = 0
  #last = 0

  /** `heard`: onLine(line), onState('open' | 'lost' | 'gone' | 'anew'): the last for another user of the same name. */
  constructor(user, heard) {
    this.user = user
    this.heard = heard
    this.#open()
  }

  close() {
    clearTimeout(this.#timer)
    this.#source?.close()
    this.heard = { onLine() {}, onState() {} }
  }

  #open() {
    const source = new EventSource(eventsPath(this.user, this.#last))
    this.#source = source
    source.onopen = () => this.heard.onState('open')
    for (const how of HOWS) source.addEventListener(how, (event) => this.#note(source, event))
  }

  #note(source, event) {
    // The notice of an account that is out of order has the same name as the browser's own event of a lost connection.
    if (event instanceof MessageEvent) {
      const line = JSON.parse(event.data)
      if (line.how === 'system' && line.type === 'reset') return this.#forget(source)
      if (line.seq <= this.#last) this.heard.onState('anew')
      this.#last = line.seq
      this.heard.onLine(line)
    } else if (source === this.#source) {
      this.heard.onState('lost')
      // A browser gives up for good after an answer that is no stream.
      if (source.readyState === EventSource.CLOSED) this.#timer = setTimeout(() => this.#again(), PAUSE_MS)
    }
  }

  /** The emulator has forgotten everything; somebody may already have made a user of the same name. */
  #forget(source) {
    source.close()
    this.#last = 0
    this.heard.onState('anew')
    this.#timer = setTimeout(() => this.#again(), PAUSE_MS)
  }

  async #again() {
    const heard = this.heard
    try {
      const found = await person(this.user)
      if (heard !== this.heard) return
      if (found.seq < this.#last) return heard.onState('gone')
    } catch (fault) {
      if (heard !== this.heard) return
      if (fault instanceof ControlError && fault.status === 404) return heard.onState('gone')
      this.#timer = setTimeout(() => this.#again(), PAUSE_MS)
      return
    }
    this.#open()
  }
}
