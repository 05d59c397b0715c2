export type Rgb = [red: number, green: number, blue: number]

export const WHITE: Rgb = [255, 255, 255]
export const NEARLY_BLACK: Rgb = [20, 20, 20]

/** Reads `#rgb`, `#rrggbb` or `rgb(r, g, b)`; undefined for anything else. */
export function parseColour(text: string): Rgb | undefined {
  const value = text.trim().toLowerCase()
  const short = /^#([0-9a-f])([0-9a-f])([0-9a-f])$/.exec(value)
  const long = /^#([0-9a-f]{2})([0-9a-f]{2})([0-9a-f]{2})$/.exec(value)
  const call = /^rgba?\(\s*(\d{1,3})[\s,]+(\d{1,3})[\s,]+(\d{1,3})/.exec(value)
  const hex = short ? short.slice(1).map((digit) => digit + digit) : long?.slice(1)
  if (hex) return hex.map((pair) => parseInt(pair, 16)) as Rgb
  return call ? (call.slice(1, 4).map((part) => Math.min(255, Number(part))) as Rgb) : undefined
}

export function toCss([red, green, blue]: Rgb): string {
  return `rgb(${red} ${green} ${blue})`
}

/** Relative luminance after WCAG 2. */
function luminance(colour: Rgb): number {
  const [red, green, blue] = colour.map((part) => {
    const share = part / 255
    return share <= 0.04045 ? share / 12.92 : ((share + 0.055) / 1.055) ** 2.4
  }) as Rgb
  return 0.2126 * red + 0.7152 * green + 0.0722 * blue
}

/** Contrast ratio after WCAG 2, from 1 to 21. */
export function contrast(one: Rgb, other: Rgb): number {
  const [high, low] = [luminance(one), luminance(other)].sort((a, b) => b - a) as [number, number]
  return (high + 0.05) / (low + 0.05)
}

/** `colour`, moved towards `target` just as far as it needs to be read (4.5 : 1) against `ground`. */
export function mixUntil(colour: Rgb, ground: Rgb, target: Rgb): Rgb {
  for (let step = 0; step <= 20; step++) {
    const mixed = colour.map((part, index) => Math.round(part + ((target[index] ?? part) - part) * (step / 20))) as Rgb
    if (contrast(mixed, ground) >= 4.5) return mixed
  }
  return target
}
