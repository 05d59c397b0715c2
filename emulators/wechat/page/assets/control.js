/** Calls of the control API. Every failure is a ControlError, so that it can be told in words. */

const WITHIN_MS = 15_000

export class ControlError extends Error {
  /** `status` 0: nobody answered. */
  constructor(status, detail) {
    super(detail)
    this.status = status
  }
}

export async function call(method, path, body) {
  const request = { method, signal: AbortSignal.timeout(WITHIN_MS) }
  if (body !== undefined) {
    request.headers = { 'Content-Type': 'application/json' }
    request.body = JSON.stringify(body)
  }
  let response, document
  try {
    response = await fetch(`/control${path}`, request)
    document = await response.json()
  } catch (fault) {
    throw new ControlError(response && !response.ok ? response.status : 0, fault.message)
  }
  if (!response.ok) throw new ControlError(response.status, document.error ?? '')
  return document
}

const name = encodeURIComponent

export const overview = () => call('GET', '')
export const users = () => call('GET', '/users?limit=100000')
export const createUser = (body) => call('POST', '/users', body)
export const person = (user) => call('GET', `/users/${name(user)}`)
export const act = (user, what, body) => call('POST', `/users/${name(user)}/${what}`, body)
export const deliveries = (user, account, after, limit) =>
  call('GET', `/deliveries?user=${name(user)}&account=${name(account)}&after=${after}&limit=${limit}`)
export const advance = (seconds) => call('POST', '/clock/advance', { seconds })
export const faults = () => call('GET', '/faults')
export const addFault = (rule) => call('POST', '/faults', rule)
export const removeFault = (number) => call('DELETE', `/faults/${number}`)
export const eventsPath = (user, after) => `/control/users/${name(user)}/events?after=${after}`
