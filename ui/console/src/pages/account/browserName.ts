const BROWSERS: [RegExp, string][] = [
  [/MicroMessenger/, 'WeChat'],
  [/Edg\//, 'Edge'],
  [/Firefox\//, 'Firefox'],
  [/Chrome\/|Chromium\//, 'Chrome'],
  [/Safari\//, 'Safari'],
]
const SYSTEMS: [RegExp, string][] = [
  [/iPhone|iPad/, 'iOS'],
  [/Android/, 'Android'],
  [/HarmonyOS|OpenHarmony/, 'HarmonyOS'],
  [/Windows/, 'Windows'],
  [/Mac OS X/, 'macOS'],
  [/Linux/, 'Linux'],
]

/** Browser and system of a User-Agent, each null where not recognised; good enough to tell one's own devices apart. */
export function browserName(agent: string): { browser: string | null; system: string | null } {
  const first = (table: [RegExp, string][]): string | null => table.find(([mark]) => mark.test(agent))?.[1] ?? null
  return { browser: first(BROWSERS), system: first(SYSTEMS) }
}
