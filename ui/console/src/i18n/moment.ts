/** A moment as `<input type="datetime-local">` holds it: the reader's own clock, to the minute. */
export function toField(at: Date): string {
  const two = (n: number) => String(n).padStart(2, '0')
  const day = `${at.getFullYear()}-${two(at.getMonth() + 1)}-${two(at.getDate())}`
  return `${day}T${two(at.getHours())}:${two(at.getMinutes())}`
}

/** The moment that the field holds, in UTC for the server. */
export function fromField(value: string): string {
  return new Date(value).toISOString()
}
