import type { Room } from '../../shell/rooms'

export default {
  name: 'account',
  path: '/account',
  title: 'nav.account',
  permission: 'session.own',
  icon: 'user',
  group: null,
  order: 900,
  page: () => import('./AccountPage.vue'),
} satisfies Room
