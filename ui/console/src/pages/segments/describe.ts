import { known, named, LOCALE_NAMES, nearest, t } from '../../i18n'
import { money } from '../../i18n/format'
import { colleagueName } from '../../lists/colleagues'
import type { Leaf, Part } from './condition'
import { currency, isAmount, purposes } from './vocabulary'

/** A condition as a sentence. */
export function describe(part: Part, inside = false): string {
  if (part.type === 'raw') return JSON.stringify(part.json)
  let said: string
  if (part.type === 'leaf') said = describeLeaf(part)
  else {
    const several = part.parts.length > 1
    said = part.parts.map((one) => describe(one, several)).join(t(part.join === 'all' ? 'segments.said_all' : 'segments.said_any'))
    if (inside && several && !part.not) said = `(${said})`
  }
  return part.not ? t('segments.said_not', { what: said }) : said
}

function describeLeaf(leaf: Leaf): string {
  const words = [named('segments.field', leaf.field)]
  if (leaf.more.purpose) words.push(purposeName(leaf.more.purpose))
  if (leaf.more.channel) words.push(named('channel', leaf.more.channel))
  if (leaf.more.recipient) words.push(leaf.more.recipient)
  return [...words, named('segments.operator', leaf.operator), operandWords(leaf)].join(' ')
}

function operandWords({ field, operator, operand }: Leaf): string {
  if (typeof operand === 'boolean') return t(operand ? 'segments.yes' : 'segments.no')
  if (Array.isArray(operand)) return operand.map((one) => wordOf(field, one)).join(' / ')
  if (typeof operand !== 'number') return wordOf(field, operand ?? '…')
  if (operator.endsWith('_days')) return `${operand} ${t('segments.days')}`
  return isAmount(field) ? money(operand, currency.value) : String(operand)
}

export function purposeName(id: string): string {
  return purposes.value.find((one) => one.id === id)?.title ?? id
}

/** The word for one of a field's values. */
export function wordOf(field: string, word: string): string {
  if (field === 'owner') return colleagueName(word)
  if (field === 'locale') return LOCALE_NAMES[nearest(word) ?? 'en']
  if (field === 'channel') return named('channel', word)
  return field === 'tag' || !known('segments.word').includes(word) ? word : named('segments.word', word)
}
