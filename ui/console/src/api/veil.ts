/** What lifts the veil from sensitive data for one reading; the server writes the reason into its access log. */
export interface Lift {
  unmask: 1
  reason: string
}

export const SHORTEST_REASON = 4
export const LONGEST_REASON = 200
const MASK = '•'

/** Whether something in it was hidden by the server. */
export function isMasked(value: string | null | undefined): boolean {
  return value?.includes(MASK) ?? false
}
