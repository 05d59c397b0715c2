import type { Room } from '../../shell/rooms'

export default {
  name: 'queue',
  path: '/queue',
  title: 'queue.title',
  permission: 'queue.read',
  icon: 'headset',
  group: 'work',
  order: 15,
  page: () => import('./QueuePage.vue'),
  inner: [{ name: 'queue-visit', path: '/queue/:id', page: () => import('./QueuePage.vue') }],
} satisfies Room
