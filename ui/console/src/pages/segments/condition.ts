import type { Json, SegmentField } from '../../api/segments'

/** A condition as the form holds it; `key` stays with a part while it is edited. */
export interface Group {
  key: number
  type: 'group'
  not: boolean
  join: 'all' | 'any'
  parts: Part[]
}

export interface Leaf {
  key: number
  type: 'leaf'
  not: boolean
  field: string
  operator: string
  operand: Operand
  /** What a special field is asked besides, such as a consent's purpose. */
  more: Record<string, string>
}

/** A condition that the form has no words for: shown as JSON, written back as it came. */
export interface Raw {
  key: number
  type: 'raw'
  json: Json
}

export type Operand = string | number | boolean | string[] | null
export type Part = Group | Leaf | Raw
export type Fields = ReadonlyMap<string, SegmentField>

let keys = 0
const newKey = (): number => (keys += 1)

export const newGroup = (parts: Part[] = []): Group => ({ key: newKey(), type: 'group', not: false, join: 'all', parts })
export const newLeaf = (): Leaf => ({
  key: newKey(),
  type: 'leaf',
  not: false,
  field: '',
  operator: '',
  operand: null,
  more: {},
})

type Members = Record<string, Json>
const isMembers = (value: Json): value is Members =>
  typeof value === 'object' && value !== null && !Array.isArray(value)

/** The form of a saved condition. Whatever it cannot show is kept as `raw`. */
export function read(json: Json, fields: Fields): Group {
  const part = readPart(json, fields)
  return part.type === 'group' ? part : newGroup([part])
}

function readPart(json: Json, fields: Fields): Part {
  return readKnown(json, fields) ?? { key: newKey(), type: 'raw', json }
}

function readKnown(json: Json, fields: Fields): Part | null {
  if (!isMembers(json)) return null
  if ('field' in json) return readLeaf(json, fields)
  const [name, ...others] = Object.keys(json)
  if (name === undefined || others.length) return null
  const content = json[name] ?? null
  if (name === 'not') {
    const part = readPart(content, fields)
    return part.type === 'raw' || part.not ? null : { ...part, not: true }
  }
  if ((name !== 'all' && name !== 'any') || !Array.isArray(content)) return null
  return { ...newGroup(content.map((one) => readPart(one, fields))), join: name }
}

function readLeaf(json: Members, fields: Fields): Leaf | null {
  const field = fields.get(String(json.field))
  if (!field) return null
  const members = [...field.needed, ...field.optional]
  const more = Object.fromEntries(members.filter((one) => typeof json[one] === 'string').map((one) => [one, String(json[one])]))
  const [operator, ...others] = Object.keys(json).filter((one) => one !== 'field' && !(one in more))
  if (operator === undefined || others.length || !field.operators.includes(operator)) return null
  const operand = json[operator] ?? null
  if (!fits(field, operator, operand)) return null
  return { ...newLeaf(), field: field.id, operator, operand: operand as Operand, more }
}

function fits(field: SegmentField, operator: string, operand: Json): boolean {
  if (operator === 'known') return typeof operand === 'boolean'
  if (operator === 'in') return Array.isArray(operand) && operand.every((one) => typeof one === 'string')
  return typeof operand === (field.kind === 'number' || field.kind === 'moment' ? 'number' : 'string')
}

/** What is saved and counted. A root of one condition is that condition itself. */
export function write(root: Group): Json {
  const [only, ...others] = root.parts
  return !root.not && only && !others.length ? writePart(only) : writePart(root)
}

function writePart(part: Part): Json {
  if (part.type === 'raw') return part.json
  const inner: Json =
    part.type === 'group'
      ? { [part.join]: part.parts.map(writePart) }
      : { field: part.field, ...filled(part.more), ...(part.operator ? { [part.operator]: part.operand } : {}) }
  return part.not ? { not: inner } : inner
}

const filled = (more: Record<string, string>): Record<string, string> =>
  Object.fromEntries(Object.entries(more).filter(([, value]) => value))

/** Whether everything has been filled in, so that counting makes sense. */
export function isComplete(part: Part, fields: Fields): boolean {
  if (part.type === 'raw') return true
  if (part.type === 'group') return part.parts.length > 0 && part.parts.every((one) => isComplete(one, fields))
  const needed = fields.get(part.field)?.needed ?? []
  const given = Array.isArray(part.operand) ? part.operand.length > 0 : part.operand !== null && part.operand !== ''
  return Boolean(part.operator) && given && needed.every((one) => part.more[one])
}

/** The key of the innermost part that a place such as `any[1].field` in the written condition lies in. */
export function partAt(root: Group, place: string): number {
  const found = { key: root.key, length: -1 }
  const [only, ...others] = root.parts
  if (!root.not && only && !others.length) visit(only, '')
  else visit(root, '')
  return found.key

  function visit(part: Part, at: string): void {
    const rest = place.slice(at.length)
    if (!place.startsWith(at) || !(rest === '' || at === '' || /^[.[]/.test(rest))) return
    if (at.length > found.length) Object.assign(found, { key: part.key, length: at.length })
    if (part.type !== 'group') return
    const base = part.not ? dotted(at, 'not') : at
    part.parts.forEach((one, index) => visit(one, `${dotted(base, part.join)}[${index}]`))
  }
}

const dotted = (at: string, name: string): string => (at ? `${at}.${name}` : name)
