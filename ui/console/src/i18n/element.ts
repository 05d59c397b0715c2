import type { Language } from 'element-plus/es/locale'
import { shallowRef, watch } from 'vue'
import { locale, type Locale } from './index'

const loaders: Record<Locale, () => Promise<{ default: Language }>> = {
  'zh-Hans': () => import('element-plus/es/locale/lang/zh-cn.mjs'),
  'zh-Hant': () => import('element-plus/es/locale/lang/zh-tw.mjs'),
  en: () => import('element-plus/es/locale/lang/en.mjs'),
}

/** The library's own words in the console's language. */
export const elementWords = shallowRef<Language>()

watch(
  locale,
  async (next) => {
    const loaded = await loaders[next]()
    if (locale.value === next) elementWords.value = loaded.default
  },
  { immediate: true },
)
