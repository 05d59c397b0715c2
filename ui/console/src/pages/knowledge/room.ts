import type { Room } from '../../shell/rooms'

export default {
  name: 'knowledge',
  path: '/knowledge',
  title: 'nav.knowledge',
  permission: 'articles.read',
  icon: 'book',
  group: 'work',
  order: 30,
  page: () => import('./KnowledgePage.vue'),
} satisfies Room
