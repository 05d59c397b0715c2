import { ref, watchEffect } from 'vue'
import { t, type Key } from '../i18n'

/** How many new rows wait to be shown; stands before the title of the browser tab. */
export const waitingCount = ref(0)
export const pageTitle = ref<Key | null>(null)

watchEffect(() => {
  const waiting = waitingCount.value ? `(${waitingCount.value}) ` : ''
  const page = pageTitle.value ? `${t(pageTitle.value)} · ` : ''
  document.title = `${waiting}${page}${t('brand.name')}`
})
