import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { ApiFault } from './api'
import { Connection, type Status } from './connection'
import type { Ending, Link, LinkContext } from './link/link'
import type { Session } from './session'

class FakeLink implements Link {
  becomeReady!: (ready: boolean) => void
  end!: (ending: Ending) => void
  readonly ready = new Promise<boolean>((resolve) => (this.becomeReady = resolve))
  readonly closed = new Promise<Ending>((resolve) => (this.end = resolve))
  readonly send = vi.fn(() => Promise.resolve(1))
  readonly typing = vi.fn()
  readonly received = vi.fn()
  readonly read = vi.fn()
  readonly check = vi.fn()

  constructor(
    readonly way: 'socket' | 'poll',
    readonly context: LinkContext,
  ) {}

  welcome(): void {
    this.becomeReady(true)
  }

  close(code = 1006): void {
    this.fail(code, true)
  }

  fail(code = 1006, welcomed = false): void {
    this.becomeReady(false)
    this.end({ code, welcomed })
  }
}

const session = (token: string): Session => ({
  token,
  expires_at: '2999-01-01T00:00:00Z',
  visitor: 'v',
  locale: 'en',
  title: {},
  limits: { text_bytes: 8192, blob_bytes: 1, blob_types: [] },
})

function open(onLine = () => true) {
  const links: FakeLink[] = []
  const statuses: Status[] = []
  const make = (way: 'socket' | 'poll') => (context: LinkContext) => {
    const link = new FakeLink(way, context)
    links.push(link)
    return link
  }
  const sessions = {
    obtain: vi.fn(() => Promise.resolve(session('first'))),
    renew: vi.fn(() => Promise.resolve(session('second'))),
  }
  const connection = new Connection(
    sessions,
    { socket: make('socket'), poll: make('poll') },
    () => 4,
    { status: (status) => statuses.push(status), frame: vi.fn() },
    onLine,
  )
  void connection.run()
  const link = () => links[links.length - 1] as FakeLink
  return { connection, links, link, statuses, sessions }
}

const settle = () => vi.advanceTimersByTimeAsync(0)

beforeEach(() => {
  vi.useFakeTimers()
})

afterEach(() => {
  vi.useRealTimers()
})

describe('the connection', () => {
  it('is online when the server has welcomed the socket', async () => {
    const { link, connection } = open()
    await settle()
    expect(connection.status.kind).toBe('connecting')
    link().welcome()
    await settle()
    expect(connection.status).toEqual({ kind: 'online', way: 'socket' })
    expect(link().context).toMatchObject({ token: 'first' })
    expect(link().context.last()).toBe(4)
  })

  it('comes back soon after the server went away, and waits longer the more often it fails', async () => {
    const { links, link } = open()
    await settle()
    link().welcome()
    await settle()
    link().fail(1001, true)
    await vi.advanceTimersByTimeAsync(1_600)
    expect(links).toHaveLength(2)
    link().welcome()
    await settle()
    link().fail(1006, true)
    await vi.advanceTimersByTimeAsync(200)
    expect(links).toHaveLength(2)
    await vi.advanceTimersByTimeAsync(400)
    expect(links).toHaveLength(3)
  })

  it('falls back to plain HTTP after two failed sockets', async () => {
    const { link, connection } = open()
    await settle()
    expect(link().way).toBe('socket')
    link().fail()
    await vi.advanceTimersByTimeAsync(1_000)
    expect(link().way).toBe('socket')
    link().fail()
    await vi.advanceTimersByTimeAsync(1)
    expect(link().way).toBe('poll')
    link().welcome()
    await settle()
    expect(connection.status).toEqual({ kind: 'online', way: 'poll' })
  })

  it('tries sockets again beside the poll and moves over', async () => {
    const { links, link, connection } = open()
    await settle()
    link().fail()
    await vi.advanceTimersByTimeAsync(1_000)
    link().fail()
    await vi.advanceTimersByTimeAsync(1)
    const poll = link()
    poll.welcome()
    await vi.advanceTimersByTimeAsync(60_000)
    expect(link().way).toBe('socket')
    link().fail()
    await settle()
    await vi.advanceTimersByTimeAsync(60_000)
    expect(link()).toBe(links[3])
    await vi.advanceTimersByTimeAsync(60_000)
    link().welcome()
    await settle()
    expect(connection.status).toEqual({ kind: 'online', way: 'socket' })
    expect(await poll.closed).toBeDefined()
    await connection.send({ client_msg_id: 'a', text: 'x' })
    expect(link().send).toHaveBeenCalledOnce()
    expect(poll.send).not.toHaveBeenCalled()
  })

  it('does not move over to a socket of a session that was given up while it opened', async () => {
    const { connection, links, link } = open()
    await settle()
    link().fail()
    await vi.advanceTimersByTimeAsync(1_000)
    link().fail()
    await vi.advanceTimersByTimeAsync(1)
    link().welcome()
    await vi.advanceTimersByTimeAsync(60_000)
    const late = link()
    expect(late.way).toBe('socket')
    connection.restart()
    await settle()
    expect(links).toHaveLength(5)
    expect((await late.closed).code).toBe(1006)
    late.welcome()
    link().welcome()
    await settle()
    await connection.send({ client_msg_id: 'a', text: 'x' })
    expect(link().send).toHaveBeenCalledOnce()
    expect(late.send).not.toHaveBeenCalled()
  })

  it('begins with sockets again when plain HTTP fails too: the server was away, nothing was blocked', async () => {
    const { link } = open()
    await settle()
    link().fail()
    await vi.advanceTimersByTimeAsync(1_000)
    link().fail()
    await vi.advanceTimersByTimeAsync(1)
    link().fail()
    await vi.advanceTimersByTimeAsync(30_000)
    expect(link().way).toBe('socket')
  })

  it('gets another session for a refused token, without hammering the server', async () => {
    const { links, link, sessions } = open()
    await settle()
    link().fail(4401)
    await settle()
    expect(sessions.renew).toHaveBeenCalledExactlyOnceWith('first')
    expect(links).toHaveLength(2)
    for (let count = 0; count < 20; count++) {
      link().fail(4401)
      await vi.advanceTimersByTimeAsync(100)
    }
    expect(links.length).toBeLessThan(6)
  })

  it('says that it is offline and returns at once when the network does', async () => {
    let there = true
    const { connection, links, link } = open(() => there)
    await settle()
    link().welcome()
    await settle()
    there = false
    connection.lose()
    await settle()
    expect(connection.status.kind).toBe('offline')
    await expect(connection.send({ client_msg_id: 'a', text: 'x' })).rejects.toMatchObject({ kind: 'lost' })
    there = true
    connection.wake()
    await settle()
    expect(links).toHaveLength(2)
  })

  it('asks for a sign of life when the machine wakes up', async () => {
    const { connection, link } = open()
    await settle()
    link().welcome()
    await settle()
    connection.wake()
    expect(link().check).toHaveBeenCalledOnce()
  })

  it('says why an account or a page is refused', async () => {
    const { connection, sessions, link } = open()
    await settle()
    sessions.obtain.mockRejectedValueOnce(new ApiFault(404, 'unknown_account'))
    link().fail()
    await vi.advanceTimersByTimeAsync(1_000)
    expect(connection.status).toEqual({ kind: 'refused', code: 'unknown_account' })
  })

  it('waits as long as the server asks', async () => {
    const { links, link } = open()
    await settle()
    link().becomeReady(false)
    link().end({ code: 1013, welcomed: true, retryAfter: 20 })
    await vi.advanceTimersByTimeAsync(19_000)
    expect(links).toHaveLength(1)
    await vi.advanceTimersByTimeAsync(1_100)
    expect(links).toHaveLength(2)
  })

  it('replaces its link at once for another session', async () => {
    const { connection, links, link } = open()
    await settle()
    link().welcome()
    await settle()
    connection.restart()
    await settle()
    expect(links).toHaveLength(2)
  })
})
