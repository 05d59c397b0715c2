import { describe, expect, it } from 'vitest'
import { contrast, mixUntil, parseColour, type Rgb } from './colour'

describe('colours', () => {
  it.each([
    ['#fff', [255, 255, 255]],
    ['#B8431A', [184, 67, 26]],
    [' rgb(1, 2, 3) ', [1, 2, 3]],
    ['rgb(1 2 300)', [1, 2, 255]],
  ])('reads %s', (text, expected) => {
    expect(parseColour(text)).toEqual(expected)
  })

  it.each(['', 'red; background: url(x)', '#12', 'var(--x)', 'url(javascript:1)'])('refuses %j', (text) => {
    expect(parseColour(text)).toBeUndefined()
  })

  it('measures contrast as WCAG does', () => {
    expect(contrast([255, 255, 255], [0, 0, 0])).toBeCloseTo(21, 5)
    expect(contrast([118, 118, 118], [255, 255, 255])).toBeCloseTo(4.54, 2)
  })

  it.each([[[255, 230, 0]], [[0, 255, 255]], [[255, 255, 255]], [[10, 10, 10]], [[184, 67, 26]]] as [Rgb][])(
    'makes %j readable on light and dark',
    (accent) => {
      const [light, dark]: Rgb[] = [[255, 255, 255], [30, 32, 36]]
      expect(contrast(mixUntil(accent, light as Rgb, [20, 20, 20]), light as Rgb)).toBeGreaterThanOrEqual(4.5)
      expect(contrast(mixUntil(accent, dark as Rgb, [255, 255, 255]), dark as Rgb)).toBeGreaterThanOrEqual(4.5)
    },
  )
})
