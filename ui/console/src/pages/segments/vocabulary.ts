import { computed, shallowRef } from 'vue'
import { listPurposes, type Purpose } from '../../api/consents'
import { readVocabulary, type SegmentField, type Vocabulary } from '../../api/segments'

const told = shallowRef<Vocabulary | null>(null)
const purposesTold = shallowRef<Purpose[]>([])

/** What conditions can ask about, by name. */
export const fields = computed<ReadonlyMap<string, SegmentField>>(
  () => new Map((told.value?.items ?? []).map((field) => [field.id, field])),
)
export const tags = computed(() => told.value?.tags ?? [])
export const currency = computed(() => told.value?.currency ?? 'CNY')
export const purposes = computed(() => purposesTold.value)

const AMOUNTS = ['amount', 'amount_year']
export const isAmount = (field: string): boolean => AMOUNTS.includes(field)

/** How many minor units (fen, cents) make one of the currency. */
export function minorUnits(): number {
  const { maximumFractionDigits = 2 } = new Intl.NumberFormat('en', { style: 'currency', currency: currency.value }).resolvedOptions()
  return 10 ** maximumFractionDigits
}

/** Throws when the vocabulary cannot be read; purposes without words are shown by their codes. */
export async function loadVocabulary(signal?: AbortSignal): Promise<void> {
  const asked = listPurposes().then(
    (page) => page.items,
    () => [],
  )
  told.value = await readVocabulary(signal)
  purposesTold.value = await asked
}
