/** The server's bounds, in characters. */
const SHORTEST = 10
const LONGEST = 200

/** Which rule of length a new password breaks, counted as the server counts; the other rules only it can check. */
export function lengthFault(password: string): 'too_short' | 'too_long' | null {
  if ([...password.normalize('NFKC')].length < SHORTEST) return 'too_short'
  return [...password].length > LONGEST ? 'too_long' : null
}
