import { createRouter, createWebHashHistory, type RouteRecordRaw } from 'vue-router'
import { can, onSessionEnd, phase } from './session'
import { rooms, routesOf } from './rooms'

const outside: RouteRecordRaw[] = [
  {
    name: 'sign-in',
    path: '/sign-in',
    component: () => import('../pages/sign-in/SignInPage.vue'),
    meta: { outside: true, title: 'sign_in.title' },
  },
  {
    name: 'welcome',
    path: '/welcome',
    component: () => import('../pages/sign-in/WelcomePage.vue'),
    meta: { outside: true, title: 'welcome.title' },
  },
  {
    name: 'missing',
    path: '/:rest(.*)*',
    component: () => import('./MissingPage.vue'),
    meta: { title: 'missing.title' },
  },
]

/** The first page that the signed-in person may see; everybody may see the own account. */
export function homeName(): string {
  return rooms.find((room) => room.group !== null && can(room.permission))?.name ?? 'account'
}

/** Where to go after sign-in. Only a path of this console is taken, so a crafted link leads nowhere else. */
export function returnPath(next: unknown): string | null {
  return typeof next === 'string' && /^\/(?!\/)/.test(next) && !next.startsWith('/sign-in') ? next : null
}

export const router = createRouter({
  history: createWebHashHistory('/console/'),
  routes: [{ path: '/', redirect: () => ({ name: homeName() }) }, ...rooms.flatMap(routesOf), ...outside],
  scrollBehavior: (to, from, saved) => (to.path === from.path ? undefined : (saved ?? { top: 0 })),
})

router.beforeEach((to) => {
  if (to.meta.outside) return to.name === 'sign-in' && phase.value === 'in' ? { name: homeName() } : true
  if (phase.value === 'in') return true
  // Asking for the start page is not worth remembering, and before sign-in its target is not known.
  const next = to.redirectedFrom?.path === '/' ? undefined : to.fullPath
  return { name: 'sign-in', query: next ? { next } : {} }
})

onSessionEnd(() => {
  const { fullPath, meta } = router.currentRoute.value
  if (!meta.outside) void router.replace({ name: 'sign-in', query: { next: fullPath, ended: '1' } })
})
