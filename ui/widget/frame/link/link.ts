import type { Attachment, ServerFrame } from '../protocol'

/** One message on its way. */
export interface Parcel {
  client_msg_id: string
  text?: string
  choice?: string
  attachments?: Attachment[]
}

/** How a link ended: a close code of the protocol, also where the way was plain HTTP. */
export interface Ending {
  code: number
  /** It had worked: the next attempt need not wait long. */
  welcomed: boolean
  /** Seconds the server asked to wait. */
  retryAfter?: number
}

/** Why a message was not taken: refused for what it is, to be tried later, or the link was lost. */
export class SendFault extends Error {
  constructor(
    readonly kind: 'refused' | 'later' | 'lost',
    readonly code: string,
    readonly retryAfter = 0,
  ) {
    super(code)
    this.name = 'SendFault'
  }
}

/** One way to the server, by socket or by plain HTTP, from its beginning to its end. */
export interface Link {
  /** True as soon as the server has welcomed us; false when it ended before. Never rejects. */
  readonly ready: Promise<boolean>
  readonly closed: Promise<Ending>
  /** The message's seq once the server has committed it; rejects with a SendFault. One at a time. */
  send(parcel: Parcel): Promise<number>
  typing(on: boolean): void
  received(seq: number): void
  read(seq: number): void
  /** Asks for a sign of life now, for instance after the machine woke up. */
  check(): void
  close(code?: number): void
}

export interface LinkContext {
  token: string
  /** The cursor: asked for again on every poll. */
  last: () => number
  emit: (frame: ServerFrame) => void
}

/** What goes over the wire of a parcel. */
export function wire(parcel: Parcel): { client_msg_id: string; text?: string; choice?: string; attachments?: string[] } {
  const { client_msg_id, text, choice, attachments } = parcel
  if (choice !== undefined) return { client_msg_id, choice }
  if (attachments?.length) return { client_msg_id, attachments: attachments.map((item) => item.id) }
  return { client_msg_id, text: text ?? '' }
}

/** The same duty for both ways: which refusals are final for the message and which pass. */
export function faultOf(code: string, retryAfter?: number): SendFault {
  if (code === 'rate_limited') return new SendFault('later', code, retryAfter ?? 5)
  if (code === 'unavailable' || code === 'unauthorised') return new SendFault('lost', code, retryAfter ?? 0)
  return new SendFault('refused', code)
}
