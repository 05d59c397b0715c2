/** What the server (RFC 9457 problem+json) or the network said when a call failed. */
export class Problem extends Error {
  readonly status: number
  /** The server's stable code, or `unreachable`, `timed_out`, `not_understood` for faults on the way. */
  readonly code: string
  /** Seconds to wait before another attempt, where the server names them. */
  readonly retryAfter: number | null
  /** Which of the rules behind `code` was broken, where the server names it. */
  readonly reason: string | null
  /** Every member of the problem, for what else a code brings along. */
  readonly members: Readonly<Record<string, unknown>>

  constructor(
    status: number,
    code: string,
    detail: string,
    retryAfter: number | null = null,
    reason: string | null = null,
    members: Record<string, unknown> = {},
  ) {
    super(detail)
    this.name = 'Problem'
    this.status = status
    this.code = code
    this.retryAfter = retryAfter
    this.reason = reason
    this.members = members
  }

  /** True when the server was never reached or cannot serve now, so that trying again makes sense. */
  get passing(): boolean {
    return this.status === 0 || this.status === 502 || this.status === 503 || this.status === 504
  }
}

function seconds(header: string | null): number | null {
  if (header === null) return null
  const value = Number(header)
  return Number.isFinite(value) && value >= 0 ? value : null
}

/** Reads a failed response; a body that is not problem+json (a proxy's page) keeps only its status. */
export async function readProblem(response: Response): Promise<Problem> {
  const retryAfter = seconds(response.headers.get('Retry-After'))
  const body: unknown = await response.json().catch(() => null)
  if (typeof body !== 'object' || body === null) {
    return new Problem(response.status, 'not_understood', '', retryAfter)
  }
  const { code, detail, title, reason } = body as Record<string, unknown>
  return new Problem(
    response.status,
    typeof code === 'string' ? code : 'not_understood',
    typeof detail === 'string' && detail ? detail : typeof title === 'string' ? title : '',
    retryAfter,
    typeof reason === 'string' ? reason : null,
    body as Record<string, unknown>,
  )
}
