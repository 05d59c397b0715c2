import { LOCALE_NAMES, named } from '../../../i18n'

const BOTH = ['address', 'preferences', 'needs', 'suggestions']
const OF_PERSONS = ['gender', 'birthday', 'occupation', 'id_number']
const OF_ORGANISATIONS = ['industry', 'size', 'region']
const LISTS: Record<string, string[]> = {
  gender: ['female', 'male', 'other', 'undisclosed'],
  language: Object.keys(LOCALE_NAMES),
  size: ['micro', 'small', 'medium', 'large'],
}

/** The fields of a profile in the order of the page: those of the kind, and whatever else is known. */
export function fieldsOf(kind: 'person' | 'organisation', facts: ReadonlyMap<string, unknown>): string[] {
  const own = kind === 'person' ? OF_PERSONS : OF_ORGANISATIONS
  const shown = ['name', 'phone', 'email', 'language', ...own, ...BOTH]
  return [...shown, ...[...facts.keys()].filter((field) => !shown.includes(field))]
}

/** The values a field chooses from; null for one that is typed. */
export function choicesOf(field: string): string[] | null {
  return LISTS[field] ?? null
}

export function isProse(field: string): boolean {
  return BOTH.includes(field)
}

/** A stored value in the reader's words. */
export function valueWords(field: string, value: string): string {
  return field === 'region' ? named('region', value) : named(`choice.${field}`, value)
}
