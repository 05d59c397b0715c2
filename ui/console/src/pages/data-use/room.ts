import type { Room } from '../../shell/rooms'

export default {
  name: 'data-use',
  path: '/data-use',
  title: 'data_use.title',
  permission: ['sharing.read', 'uses.read', 'access_log.read', 'reviews.read'],
  icon: 'eye',
  group: 'manage',
  order: 105,
  page: () => import('./DataUsePage.vue'),
  inner: [
    { name: 'access-review', path: '/data-use/reviews/:id', page: () => import('./ReviewPage.vue') },
    { name: 'data-use-tab', path: '/data-use/:tab', page: () => import('./DataUsePage.vue') },
  ],
} satisfies Room
