import { computed, ref, shallowRef } from 'vue'
import { useCsrf, watchSession } from '../api/client'
import { Problem } from '../api/problem'
import * as api from '../api/session'
import { locale, nearest, speak } from '../i18n'

/** `unknown` until the server was asked; `unreachable` when it could not be. */
export type Phase = 'unknown' | 'in' | 'out' | 'unreachable'

export const phase = ref<Phase>('unknown')
export const me = shallowRef<api.Me['staff'] | null>(null)
export const trouble = shallowRef<unknown>(null)
const granted = computed(() => new Set(me.value?.permissions ?? []))

let whenEnded: () => void = () => undefined

/** Whether the signed-in person has it, or any of several. */
export function can(permission: api.Permission | readonly api.Permission[]): boolean {
  return [permission].flat().some((one) => granted.value.has(one))
}

async function adopt(answer: api.Me): Promise<void> {
  useCsrf(answer.csrf)
  me.value = answer.staff
  phase.value = 'in'
  const own = answer.staff.locale ? nearest(answer.staff.locale) : null
  if (own && own !== locale.value) await speak(own)
}

function forget(): void {
  useCsrf('')
  me.value = null
  phase.value = 'out'
}

/** Asks the server who is signed in. Never throws; the outcome is in `phase`. */
export async function resume(): Promise<void> {
  try {
    await adopt(await api.readMe())
  } catch (fault) {
    if (fault instanceof Problem && fault.status === 401) forget()
    else {
      trouble.value = fault
      phase.value = 'unreachable'
    }
  }
}

export async function signIn(name: string, password: string): Promise<void> {
  await adopt(await api.signIn(name, password))
}

export async function enterByLink(token: string, password: string): Promise<void> {
  await adopt(await api.useLink(token, password))
}

export async function signOut(): Promise<void> {
  await api.signOut()
  forget()
}

export async function changeName(display_name: string): Promise<void> {
  await adopt(await api.changeMe({ display_name }))
}

/** Switches the console's language and, for who is signed in, keeps it with the account. */
export async function chooseLocale(next: typeof locale.value): Promise<void> {
  if (phase.value !== 'in') return speak(next)
  try {
    // The account first: the server words what it sends in the account's language.
    await adopt(await api.changeMe({ locale: next }))
  } finally {
    await speak(next)
  }
}

/** `ended` runs once when a session that was alive is found gone. */
export function onSessionEnd(ended: () => void): void {
  whenEnded = ended
}

watchSession(
  () => {
    if (phase.value !== 'in') return
    forget()
    whenEnded()
  },
  async () => adopt(await api.readMe()),
)
