import type { Room } from '../../shell/rooms'

export default {
  name: 'privacy',
  path: '/privacy',
  title: 'rights.title',
  permission: 'privacy.handle',
  icon: 'lock',
  group: 'work',
  order: 40,
  page: () => import('./PrivacyPage.vue'),
  inner: [{ name: 'privacy-request', path: '/privacy/:id', page: () => import('./RequestPage.vue') }],
} satisfies Room
