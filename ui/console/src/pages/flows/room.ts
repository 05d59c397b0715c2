import type { Room } from '../../shell/rooms'

export default {
  name: 'flows',
  path: '/flows',
  title: 'flows.title',
  permission: 'articles.read',
  icon: 'branch',
  group: 'work',
  order: 35,
  page: () => import('./FlowsPage.vue'),
} satisfies Room
