import type { Room } from '../../shell/rooms'

export default {
  name: 'interactions',
  path: '/interactions',
  title: 'nav.interactions',
  permission: 'interactions.read',
  icon: 'activity',
  group: 'work',
  order: 10,
  page: () => import('./InteractionsPage.vue'),
} satisfies Room
