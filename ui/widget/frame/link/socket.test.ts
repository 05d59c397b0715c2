import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import type { ServerFrame } from '../protocol'
import { ACK_WITHIN_MS, PING_EVERY_MS, PONG_WITHIN_MS, SocketLink, WELCOME_WITHIN_MS } from './socket'

class FakeSocket {
  readyState = 0
  sent: Record<string, unknown>[] = []
  closed = false
  onopen: (() => void) | null = null
  onmessage: ((event: { data: string }) => void) | null = null
  onclose: ((event: { code: number }) => void) | null = null

  send(text: string): void {
    this.sent.push(JSON.parse(text) as Record<string, unknown>)
  }

  close(): void {
    this.closed = true
  }

  open(): void {
    this.readyState = 1
    this.onopen?.()
  }

  say(frame: unknown): void {
    this.onmessage?.({ data: typeof frame === 'string' ? frame : JSON.stringify(frame) })
  }
}

function open() {
  const socket = new FakeSocket()
  const frames: ServerFrame[] = []
  const context = { token: 'T', last: () => 7, emit: (frame: ServerFrame) => frames.push(frame) }
  const link = new SocketLink(socket as unknown as WebSocket, context)
  const welcome = () => {
    socket.open()
    socket.say({ type: 'welcome', seq: 7, received_seq: 7, read_seq: 7 })
  }
  return { socket, link, frames, welcome }
}

beforeEach(() => {
  vi.useFakeTimers()
})

afterEach(() => {
  vi.useRealTimers()
})

describe('the socket', () => {
  it('says who it is and where it stopped', async () => {
    const { socket, link, welcome } = open()
    welcome()
    expect(socket.sent).toEqual([{ type: 'hello', token: 'T', last_seq: 7 }])
    expect(await link.ready).toBe(true)
  })

  it('gives up a server that does not welcome it', async () => {
    const { socket, link } = open()
    await vi.advanceTimersByTimeAsync(WELCOME_WITHIN_MS)
    expect(await link.ready).toBe(false)
    expect(await link.closed).toEqual({ code: 1006, welcomed: false })
    expect(socket.closed).toBe(true)
  })

  it('pings, and takes silence for the end', async () => {
    const { socket, link, welcome } = open()
    welcome()
    await vi.advanceTimersByTimeAsync(PING_EVERY_MS)
    expect(socket.sent).toContainEqual({ type: 'ping' })
    socket.say({ type: 'pong' })
    await vi.advanceTimersByTimeAsync(PING_EVERY_MS - 1)
    expect(socket.closed).toBe(false)
    await vi.advanceTimersByTimeAsync(1 + PONG_WITHIN_MS)
    expect(await link.closed).toEqual({ code: 1006, welcomed: true })
  })

  it('answers a message with its seq after the acknowledgement of that message', async () => {
    const { socket, link, welcome } = open()
    welcome()
    const sent = link.send({ client_msg_id: 'm1', text: '你好' })
    expect(socket.sent).toContainEqual({ type: 'send', client_msg_id: 'm1', text: '你好' })
    socket.say({ type: 'ack', client_msg_id: 'other', seq: 8 })
    socket.say({ type: 'ack', client_msg_id: 'm1', seq: 9 })
    expect(await sent).toBe(9)
  })

  it('sends a tap or files without anything else', () => {
    const { socket, link, welcome } = open()
    welcome()
    void link.send({ client_msg_id: 'm1', choice: 'person' })
    void link.send({ client_msg_id: 'm2', attachments: [{ id: 'b', name: 'n', type: 'image/png', size: 1 }] })
    expect(socket.sent.slice(1)).toEqual([
      { type: 'send', client_msg_id: 'm1', choice: 'person' },
      { type: 'send', client_msg_id: 'm2', attachments: ['b'] },
    ])
  })

  it.each([
    ['too_large', { kind: 'refused' }],
    ['blob_unknown', { kind: 'refused' }],
    ['rate_limited', { kind: 'later', retryAfter: 3 }],
    ['unavailable', { kind: 'lost' }],
  ])('tells why a message was not taken: %s', async (code, expected) => {
    const { socket, link, welcome } = open()
    welcome()
    const sent = link.send({ client_msg_id: 'm1', text: 'x' })
    const failed = expect(sent).rejects.toMatchObject({ code, ...expected })
    socket.say({ type: 'error', code, message: '', client_msg_id: 'm1', retry_after: 3 })
    await failed
  })

  it('does not wait for ever for an acknowledgement', async () => {
    const { link, welcome, socket } = open()
    welcome()
    const sent = expect(link.send({ client_msg_id: 'm1', text: 'x' })).rejects.toMatchObject({ kind: 'lost' })
    await vi.advanceTimersByTimeAsync(ACK_WITHIN_MS)
    await sent
    expect(socket.closed).toBe(true)
  })

  it('gives back a message on its way when the socket closes', async () => {
    const { link, welcome, socket } = open()
    welcome()
    const sent = expect(link.send({ client_msg_id: 'm1', text: 'x' })).rejects.toMatchObject({ kind: 'lost' })
    socket.onclose?.({ code: 1001 })
    await sent
    expect(await link.closed).toEqual({ code: 1001, welcomed: true })
  })

  it('passes over what it does not understand', () => {
    const { socket, frames, welcome } = open()
    welcome()
    for (const nonsense of ['{', '[]', 'null', { type: 'novelty' }, { type: 'message', seq: '8' }, { type: 'constructor' }]) socket.say(nonsense)
    expect(frames.map((frame) => frame.type)).toEqual(['welcome'])
  })
})
