import type { RouteComponent, RouteRecordRaw } from 'vue-router'
import type { Permission } from '../api/session'
import type { IconName } from '../components/icons'
import type { Key } from '../i18n'

/**
 * One room of the console. A folder under `pages/` with a `room.ts` that exports a Room is all a new page needs:
 * navigation, routes, titles and the permission check follow from it.
 */
export interface Room {
  /** Route name; unique. */
  name: string
  path: string
  title: Key
  /** Of several, one is enough. */
  permission: Permission | readonly Permission[]
  icon: IconName
  /** Where it stands in the navigation; null for a room reached otherwise. */
  group: 'work' | 'manage' | null
  order: number
  page: () => Promise<RouteComponent>
  /** Pages inside the room: shown under its navigation entry and permission. */
  inner?: { name: string; path: string; page: () => Promise<RouteComponent> }[]
}

declare module 'vue-router' {
  interface RouteMeta {
    /** Permission that the page needs; absent for pages before sign-in. */
    permission?: Permission | readonly Permission[]
    title?: Key
    room?: string
    /** The page stands alone, without navigation, and needs no session. */
    outside?: boolean
  }
}

const found = import.meta.glob<{ default: Room }>('../pages/*/room.ts', { eager: true })

export const rooms: Room[] = Object.values(found)
  .map((module) => module.default)
  .sort((one, other) => one.order - other.order)

export function routesOf(room: Room): RouteRecordRaw[] {
  const meta = { permission: room.permission, title: room.title, room: room.name }
  return [
    { name: room.name, path: room.path, component: room.page, meta },
    ...(room.inner ?? []).map((page) => ({ name: page.name, path: page.path, component: page.page, meta })),
  ]
}
