/** Where the copy of shown messages is kept. */
export const THREAD_KEY = 'thread'

/** The part of Web Storage that is used, so that tests and browsers without storage can stand in. */
export interface Shelf {
  readonly length: number
  key(index: number): string | null
  getItem(key: string): string | null
  setItem(key: string, value: string): void
  removeItem(key: string): void
}

/** A shelf that lasts as long as the page: for browsers that refuse storage to embedded pages. */
export class MemoryShelf implements Shelf {
  private readonly entries = new Map<string, string>()

  get length(): number {
    return this.entries.size
  }

  key(index: number): string | null {
    return [...this.entries.keys()][index] ?? null
  }

  getItem(key: string): string | null {
    return this.entries.get(key) ?? null
  }

  setItem(key: string, value: string): void {
    this.entries.set(key, value)
  }

  removeItem(key: string): void {
    this.entries.delete(key)
  }
}

/**
 * A shelf that the page around us keeps for us, as long as its tab lives.
 *
 * The copy of shown messages stays here: the server has them, and the page need not.
 */
export class PageShelf extends MemoryShelf {
  constructor(
    entries: Record<string, string>,
    private readonly keep: (key: string, value: string | null) => void,
  ) {
    super()
    for (const [key, value] of Object.entries(entries)) super.setItem(key, value)
  }

  override setItem(key: string, value: string): void {
    super.setItem(key, value)
    if (!key.endsWith(`:${THREAD_KEY}`)) this.keep(key, value)
  }

  override removeItem(key: string): void {
    super.removeItem(key)
    this.keep(key, null)
  }
}

/** The browser's own shelf, or undefined where it is refused (touching it may already throw). */
export function browserShelf(): Shelf | undefined {
  try {
    const shelf = window.localStorage
    shelf.setItem('yingda:probe', '1')
    shelf.removeItem('yingda:probe')
    return shelf
  } catch {
    return undefined
  }
}

/**
 * What one chat account keeps in this browser, every key under one prefix.
 *
 * A write that no longer fits first gives up the copy of shown messages (the server has them) and,
 * if it still does not fit, is kept in memory: what the customer typed is never dropped silently.
 */
export class Store {
  private readonly overflow = new MemoryShelf()

  constructor(
    readonly prefix: string,
    private readonly shelf: Shelf,
  ) {}

  get(key: string): string | null {
    return this.overflow.getItem(key) ?? this.shelf.getItem(this.prefix + key)
  }

  read<T>(key: string): T | undefined {
    const text = this.get(key)
    if (text === null) return undefined
    try {
      return JSON.parse(text) as T
    } catch {
      return undefined
    }
  }

  set(key: string, value: unknown): void {
    const text = typeof value === 'string' ? value : JSON.stringify(value)
    this.overflow.removeItem(key)
    for (const attempt of [1, 2]) {
      try {
        this.shelf.setItem(this.prefix + key, text)
        return
      } catch {
        if (attempt === 1) this.shelf.removeItem(this.prefix + THREAD_KEY)
      }
    }
    if (key !== THREAD_KEY) this.overflow.setItem(key, text)
  }

  remove(key: string): void {
    this.overflow.removeItem(key)
    this.shelf.removeItem(this.prefix + key)
  }

  /** Keys that begin with `start`, without the store's own prefix, in order. */
  keys(start = ''): string[] {
    const found = new Set<string>()
    for (let index = 0; index < this.shelf.length; index++) {
      const key = this.shelf.key(index)
      if (key?.startsWith(this.prefix + start)) found.add(key.slice(this.prefix.length))
    }
    for (let index = 0; index < this.overflow.length; index++) {
      const key = this.overflow.key(index)
      if (key?.startsWith(start)) found.add(key)
    }
    return [...found].sort()
  }

  clear(): void {
    for (const key of this.keys()) this.remove(key)
  }
}
