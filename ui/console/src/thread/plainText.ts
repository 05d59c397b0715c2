import { inlines } from '../../../widget/frame/richtext'

/** A shop's text for a row of a list: the words without the marks of links and stress. */
export function plainText(text: string): string {
  return inlines(text, true)
    .map((piece) => piece.text)
    .join('')
}
