import type { Room } from '../../shell/rooms'

export default {
  name: 'status',
  path: '/status',
  title: 'nav.status',
  permission: 'system.read',
  icon: 'pulse',
  group: 'manage',
  order: 110,
  page: () => import('./StatusPage.vue'),
} satisfies Room
