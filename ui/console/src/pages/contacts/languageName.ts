import { LOCALE_NAMES, nearest, t } from '../../i18n'

/** A language by its own name; tags beyond the console's three as they are. */
export function languageName(tag: string | null): string {
  if (!tag) return t('common.unknown')
  const known = nearest(tag)
  return known ? LOCALE_NAMES[known] : tag
}
