type Child = Node | string | undefined | false

type Attributes = Record<string, string | number | boolean | undefined>

/** An element with attributes and children; `undefined` and `false` leave an attribute or a child out. */
export function h<K extends keyof HTMLElementTagNameMap>(
  tag: K,
  attributes: Attributes = {},
  ...children: Child[]
): HTMLElementTagNameMap[K] {
  const element = document.createElement(tag)
  for (const [name, value] of Object.entries(attributes))
    if (value !== undefined && value !== false) element.setAttribute(name, value === true ? '' : String(value))
  element.append(...children.filter((child): child is Node | string => child !== undefined && child !== false))
  return element
}

const SVG = 'http://www.w3.org/2000/svg'

const PATHS = {
  send: 'M4.4 19.4 20.6 12 4.4 4.6l2.2 6.5 7 .9-7 .9z',
  attach: 'm19 11.5-7.3 7.3a4.6 4.6 0 0 1-6.5-6.5l7.6-7.6a3 3 0 0 1 4.3 4.3l-7.4 7.4a1.5 1.5 0 0 1-2.1-2.1l6.6-6.6',
  close: 'M6 6l12 12M18 6 6 18',
  waiting: 'M12 7v5l3 2M12 3.5a8.5 8.5 0 1 1 0 17 8.5 8.5 0 0 1 0-17z',
  acknowledged: 'm5 12.5 4.5 4.5L19 7.5',
  delivered: 'm2 12.5 4.5 4.5L16 7.5M11.5 16l1 1L22 7.5',
  read: 'm2 12.5 4.5 4.5L16 7.5M11.5 16l1 1L22 7.5',
  failed: 'M12 7.5v6M12 16.6v.2M12 3.5a8.5 8.5 0 1 1 0 17 8.5 8.5 0 0 1 0-17z',
  down: 'M12 5v13m-6-6 6 6 6-6',
  file: 'M7 3.5h7l4 4v13H7zM14 3.5v4h4M10 12h5M10 15.5h5',
  smile: 'M12 3.2c5 0 9 3.5 9 8s-4 8-9 8c-1 0-2-.1-2.9-.4L5 20.8l.7-3.5C4 15.8 3 13.6 3 11.2c0-4.5 4-8 9-8zM8.4 11.8c.8 1.7 2.1 2.5 3.6 2.5s2.8-.8 3.6-2.5',
  globe: 'M12 3.5a8.5 8.5 0 1 1 0 17 8.5 8.5 0 0 1 0-17zM3.8 12h16.4M12 3.5c2.3 2.4 3.4 5.2 3.4 8.5s-1.1 6.1-3.4 8.5c-2.3-2.4-3.4-5.2-3.4-8.5s1.1-6.1 3.4-8.5z',
} as const

export type Icon = keyof typeof PATHS

/** A decorative picture of one line, drawn in the colour of the text. */
export function icon(name: Icon): SVGElement {
  const svg = document.createElementNS(SVG, 'svg')
  svg.setAttribute('viewBox', '0 0 24 24')
  svg.setAttribute('aria-hidden', 'true')
  svg.setAttribute('class', `icon icon-${name}`)
  const path = document.createElementNS(SVG, 'path')
  path.setAttribute('d', PATHS[name])
  svg.append(path)
  return svg
}
