/** While somebody types, said again this often. */
const REPEAT_MS = 4_000
const IDLE_MS = 6_000
/** A server that said "typing" and then nothing is believed this long. */
const BELIEVE_MS = 20_000

type Timer = ReturnType<typeof setTimeout>

/** Turns every key into few words to the server: on, still on, off. */
export class OwnTyping {
  private saidAt = 0
  private idle: Timer | undefined

  constructor(private readonly tell: (on: boolean) => void) {}

  update(on: boolean): void {
    clearTimeout(this.idle)
    if (on) {
      this.idle = setTimeout(() => this.update(false), IDLE_MS)
      if (Date.now() - this.saidAt < REPEAT_MS) return
      this.saidAt = Date.now()
      this.tell(true)
    } else if (this.saidAt) {
      this.saidAt = 0
      this.tell(false)
    }
  }
}

/** The other side writes: a person, which ends with a message, with a word or by itself, or the bot works. */
export class TheirTyping {
  private timer: Timer | undefined
  private typing = false
  private working = false

  constructor(private readonly show: (on: boolean) => void) {}

  update(on: boolean): void {
    clearTimeout(this.timer)
    if (on) this.timer = setTimeout(() => this.update(false), BELIEVE_MS)
    this.typing = on
    this.show(this.typing || this.working)
  }

  work(on: boolean): void {
    this.working = on
    this.show(this.typing || this.working)
  }
}
