import { computed, shallowRef } from 'vue'
import { listColleagues, type Colleague } from '../api/colleagues'
import { named, t } from '../i18n'

const people = shallowRef<Colleague[]>([])
const names = computed(() => new Map(people.value.map((one) => [one.id, one.display_name])))

/** Also those who have left, for what they did. */
export const colleagues = computed(() => people.value)

/** Those who can be given something to do. */
export const activeColleagues = computed(() => people.value.filter((one) => one.active))

/** Reads who works here; on failure the names known before stand, and ids without a name are "a colleague". */
export async function loadColleagues(): Promise<void> {
  try {
    people.value = (await listColleagues()).items
  } catch {
    // A page shows more than names; the connection banner tells of a server out of reach.
  }
}

export function colleagueName(id: string): string {
  return names.value.get(id) ?? t('actor.staff')
}

/** Who did something, from the server's `customer`, `staff:<id>`, `import:<id>` or `system:<what>`. */
export function actorName(by: string): string {
  const [kind = '', id = ''] = by.split(':')
  return kind === 'staff' ? colleagueName(id) : named('actor', kind)
}
